"""A content management system with a REST list of articles. The defaults are Wagtail's."""

from integrations.systems.auth import Bearer
from integrations.systems.base import Option, SecretField, StreamSpec, System

SYSTEM = System(
    slug="cms",
    label="CMS",
    docs_url="https://docs.wagtail.org/en/stable/advanced_topics/api/v2/usage.html",
    options=(
        Option(
            "resource_path", "Path of the list", default="/api/v2/pages/", required=True, help="After the base URL."
        ),
        Option("query", "Further parameters", help="For example: type=blog.BlogPage&fields=body"),
        Option(
            "pagination",
            "Pagination",
            kind="choice",
            default="offset",
            choices=(("offset", "Limit and offset"),),
            required=True,
        ),
        Option("limit_name", "Limit parameter", default="limit", required=True),
        Option("offset_name", "Offset parameter", default="offset", required=True),
        Option("page_size", "Page size", kind="integer", default=20, minimum=1, maximum=1000, required=True),
        Option("items_path", "Items", kind="json_path", default="items", required=True, help="Where the list is."),
        Option("total_path", "Total", kind="json_path", default="meta.total_count", help="How many there are in all."),
        Option("id_path", "Id", kind="json_path", default="id", required=True, help="Must never change."),
        Option("title_path", "Title", kind="json_path", default="title", required=True),
        Option("slug_path", "Slug", kind="json_path", default="meta.slug"),
        Option("body_path", "Body", kind="json_path", default="body"),
        Option("author_path", "Author", kind="json_path", default="author"),
        Option("url_path", "Address", kind="json_path", default="meta.html_url"),
        Option("published_path", "Published", kind="json_path", default="meta.first_published_at"),
        Option("modified_path", "Modified", kind="json_path", default="meta.last_published_at"),
    ),
    secrets=(SecretField("token", "API token", help="Sent as a bearer token. Leave empty for a public API."),),
    auth=Bearer("token"),
    streams=(StreamSpec("articles", "Articles", model="Essay"),),
)
