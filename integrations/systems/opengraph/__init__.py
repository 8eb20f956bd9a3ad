"""Title, description and picture of any public page, as its author wants it shared."""

from integrations.systems.base import Option, System

API = {"source": ("api",)}

SYSTEM = System(
    slug="opengraph",
    label="Link previews (OpenGraph)",
    docs_url="https://ogp.me/",
    base_url="https://ogp.me",  # a service must have one; what is asked is what staff name
    headers={"Accept": "text/html,application/xhtml+xml"},
    options=(
        Option(
            "source",
            "Read from",
            kind="choice",
            default="page",
            choices=(("page", "The page itself"), ("api", "A JSON metadata API")),
            required=True,
        ),
        Option(
            "probe_url",
            "Page of the health check",
            default="https://ogp.me/",
            required=True,
            help="A public page that hardly ever changes or fails.",
        ),
        Option(
            "api_url",
            "Address of the API",
            help="{url} is replaced by the address of the page. For example: https://api.microlink.io/?url={url}",
            when=API,
        ),
        Option("title_path", "Title in the API's answer", kind="json_path", default="title || data.title", when=API),
        Option(
            "description_path",
            "Description in the API's answer",
            kind="json_path",
            default="description || data.description",
            when=API,
        ),
        Option(
            "image_path",
            "Picture in the API's answer",
            kind="json_path",
            default="image.url || image || thumbnail_url || data.image.url || data.image",
            when=API,
        ),
        Option(
            "site_path",
            "Site in the API's answer",
            kind="json_path",
            default="site_name || provider_name || data.publisher",
            when=API,
        ),
        Option(
            "url_path", "Canonical address in the API's answer", kind="json_path", default="url || data.url", when=API
        ),
    ),
    untrusted_urls=True,
)
