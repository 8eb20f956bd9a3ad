"""Articles of a content management system: the products that people run, and any REST list. The default is Wagtail."""

from dataclasses import replace

from integrations.systems.auth import ApiKey, Basic, Bearer, Kind
from integrations.systems.base import Option, Options, SecretField, StreamSpec, System
from integrations.systems.rest_options import PAGINATION


def signing(options: Options) -> Kind:
    """How the product that was chosen lets the console in."""
    if options["product"] == "wordpress":
        return Basic("username", "password")
    if options["product"] == "ghost":
        return ApiKey("token", query="key")
    return Bearer("token")


MAPPED = {"product": ("wagtail", "directus", "strapi", "rest")}
DESCRIBED, WORDPRESS = {"product": ("rest",)}, {"product": ("wordpress",)}

SYSTEM = System(
    slug="cms",
    label="CMS",
    docs_url="https://docs.wagtail.org/en/stable/advanced_topics/api/v2/usage.html",
    options=(
        Option(
            "product",
            "Product",
            kind="choice",
            default="wagtail",
            choices=(
                ("directus", "Directus"),
                ("ghost", "Ghost"),
                ("mediawiki", "MediaWiki"),
                ("strapi", "Strapi 5"),
                ("wagtail", "Wagtail"),
                ("wordpress", "WordPress"),
                ("rest", "Any REST list"),
            ),
            required=True,
            help="The base URL is the address of the site; of a MediaWiki that of its api.php, without this name.",
        ),
        Option(
            "collection",
            "Collection",
            help="Empty: posts (WordPress, Ghost), articles (Directus, Strapi), all pages (Wagtail), namespace 0 "
            "(MediaWiki). Otherwise pages or a type's REST base, a collection, a plural API id, a page type such as "
            "blog.BlogPage, the number of a namespace.",
        ),
        Option("query", "Further parameters", help="Sent with each list. For example: categories=3&lang=en"),
        Option(
            "username",
            "WordPress user",
            help="Only with an application password, which shows what is deleted.",
            when=WORDPRESS,
        ),
        Option(
            "page_size",
            "Page size",
            kind="integer",
            minimum=1,
            maximum=1000,
            help="Empty: as many articles as the product gives at a time.",
        ),
        Option("title_path", "Title", kind="json_path", default="title", required=True, when=MAPPED),
        Option("slug_path", "Slug", kind="json_path", default="meta.slug || slug", when=MAPPED),
        Option("body_path", "Body", kind="json_path", default="body || content", when=MAPPED),
        Option("author_path", "Author", kind="json_path", default="author.name || author", when=MAPPED),
        Option("url_path", "Address", kind="json_path", default="meta.html_url || url", when=MAPPED),
        Option("cover_path", "Picture", kind="json_path", default="cover || cover_image || image", when=MAPPED),
        Option(
            "published_path",
            "Published",
            kind="json_path",
            default="meta.first_published_at || publishedAt || published_at || date_created",
            when=MAPPED,
        ),
        Option(
            "modified_path",
            "Modified",
            kind="json_path",
            default="meta.last_published_at || updatedAt || updated_at || date_updated || date_created",
            when=MAPPED,
        ),
        Option(
            "id_path",
            "Id",
            kind="json_path",
            default="id",
            required=True,
            help="Must never change.",
            when={"product": ("wagtail", "directus", "rest")},
        ),
        Option(
            "resource_path",
            "Path of the list",
            default="/api/v2/pages/",
            required=True,
            help="After the base URL.",
            when={"product": ("wagtail", "rest")},
        ),
        Option(
            "since_name",
            "Parameter for changes",
            help="It takes a moment (ISO 8601), and only what changed since is sent. Empty: all is read.",
            when=DESCRIBED,
        ),
        *(replace(each, when={**DESCRIBED, **each.when}) for each in PAGINATION if each.name != "page_size"),
    ),
    secrets=(
        SecretField(
            "token",
            "API token or key",
            help="Ghost: the Content API key. All others: sent as a bearer token. Leave empty for a public API.",
            when={"product": ("directus", "ghost", "mediawiki", "strapi", "wagtail", "rest")},
        ),
        SecretField(
            "password",
            "Application password",
            help="Of the user, made in the user's profile.",
            when=WORDPRESS,
        ),
    ),
    auth=signing,
    streams=(StreamSpec("articles", "Articles", model="Essay", incremental=True),),
)
