"""Any other HTTP API that lists things as JSON, and any other sender of deliveries, described by options alone."""

from integrations.systems.auth import ApiKey, Basic, Bearer, ClientCredentials, Kind, NoAuth, Reading, SessionToken
from integrations.systems.base import Option, Options, SecretField, StreamSpec, System
from integrations.systems.receiving_options import OPTIONS as RECEIVING
from integrations.systems.receiving_options import SECRETS as RECEIVING_SECRETS
from integrations.systems.rest_options import PAGINATION


def key_name(options: Options) -> str:
    """The header or the parameter that an API key is sent in."""
    usual = "X-API-Key" if options["sign_in"] == "header_key" else "api_key"
    return str(options["key_name"] or usual)


def signing(options: Options) -> Kind:
    """How the API lets the console in."""
    address, scheme = _token_address(options), str(options["scheme"] or "Bearer")
    token = str(options["token_path"] or "access_token")
    kinds: dict[str, Kind] = {
        "none": NoAuth(),
        "bearer": Bearer("token", scheme),
        "header_key": ApiKey("token", header=key_name(options)),
        "query_key": ApiKey("token", query=key_name(options)),
        "basic": Basic("username", "password"),
        "client_credentials": ClientCredentials(
            "client_id",
            "client_secret",
            address,
            form={"scope": "{scope}", "audience": "{audience}"},
            in_body=bool(options["client_in_form"]),
            reading=Reading(token),
        ),
        "log_in": SessionToken(
            address,
            needs=("username", "password"),
            payload={str(options["username_field"] or "username"): "{username}", "password": "{password}"},
            scheme=scheme,
            reading=Reading(token, expiry=""),
        ),
    }
    return kinds[options["sign_in"]]


def _token_address(options: Options) -> str:
    """A whole address stands for itself, and a path is no template."""
    given = str(options["token_url"] or "")
    return "{token_url}" if "://" in given else given.replace("{", "%7B").replace("}", "%7D")


KEYED = {"sign_in": ("header_key", "query_key")}
OAUTH = {"sign_in": ("client_credentials",)}
TOKEN = {"sign_in": ("client_credentials", "log_in")}

SYSTEM = System(
    slug="rest",
    label="REST API",
    docs_url="https://jmespath.org/tutorial.html",
    options=(
        Option(
            "sign_in",
            "Sign-in",
            kind="choice",
            default="none",
            choices=(
                ("none", "None"),
                ("bearer", "Token in the Authorization header"),
                ("header_key", "API key in a header"),
                ("query_key", "API key in the query"),
                ("basic", "User and password (Basic)"),
                ("client_credentials", "OAuth 2 client credentials"),
                ("log_in", "Log in with user and password for a token"),
            ),
            required=True,
        ),
        Option("key_name", "Name of the key", help="Empty: X-API-Key as header, api_key in the query.", when=KEYED),
        Option(
            "scheme",
            "Word before the token",
            default="Bearer",
            required=True,
            help="For example: Bearer, Token",
            when={"sign_in": ("bearer", "log_in")},
        ),
        Option("username", "User", when={"sign_in": ("basic", "log_in")}),
        Option("client_id", "Client id", when=OAUTH),
        Option(
            "token_url",
            "Token address",
            help="Where OAuth 2 or logging in POSTs to: a path, or a whole address.",
            when=TOKEN,
        ),
        Option(
            "token_path",
            "Token",
            kind="json_path",
            default="access_token",
            help="Where it is in that answer.",
            when=TOKEN,
        ),
        Option("scope", "Scope", help="If any.", when=OAUTH),
        Option("audience", "Audience", help="If any.", when=OAUTH),
        Option(
            "client_in_form",
            "Client in the form",
            kind="boolean",
            default=False,
            help="OAuth 2 without Basic.",
            when=OAUTH,
        ),
        Option(
            "username_field",
            "User's field",
            default="username",
            help="In the JSON that is sent to log in.",
            when={"sign_in": ("log_in",)},
        ),
        Option("resource_path", "Path of the list", default="/", required=True, help="After the base URL."),
        Option("query", "Further parameters", help="For example: status=open&expand=owner"),
        *PAGINATION,
        Option(
            "since_parameter",
            "Changed-since parameter",
            help="Filters by the moment of the last change, for example updated_since. Empty: all is read every time.",
        ),
        Option(
            "since_format",
            "Changed-since format",
            kind="choice",
            default="iso",
            choices=(
                ("iso", "ISO 8601"),
                ("seconds", "Seconds since 1970"),
                ("milliseconds", "Milliseconds since 1970"),
            ),
            required=True,
        ),
        Option("id_path", "Id", kind="json_path", default="id", required=True, help="Must never change."),
        Option("modified_path", "Modified", kind="json_path", help="ISO 8601, or seconds or milliseconds since 1970."),
        Option("title_path", "Title", kind="json_path", help="For records and essays."),
        Option("data_path", "Data", kind="json_path", help="For records and properties. Empty: all of an item."),
        Option("slug_path", "Slug", kind="json_path", help="For essays, like the next four."),
        Option("body_path", "Body", kind="json_path"),
        Option("author_path", "Author", kind="json_path"),
        Option("url_path", "Address of the page", kind="json_path"),
        Option("published_path", "Published", kind="json_path"),
        Option("parcel_path", "Parcel", kind="json_path", help="For properties, like those below."),
        Option("address_path", "Address", kind="json_path"),
        Option("city_path", "City", kind="json_path"),
        Option("postal_code_path", "Postal code", kind="json_path"),
        Option("latitude_path", "Latitude", kind="json_path", help="In degrees; may also be a GeoJSON point."),
        Option("longitude_path", "Longitude", kind="json_path", help="In degrees; may also be a GeoJSON point."),
        *RECEIVING,
    ),
    secrets=(
        SecretField("token", "Token or key", when={"sign_in": ("bearer", "header_key", "query_key")}),
        SecretField("password", "Password", when={"sign_in": ("basic", "log_in")}),
        SecretField("client_secret", "Client secret", when=OAUTH),
        *RECEIVING_SECRETS,
    ),
    auth=signing,
    streams=(
        StreamSpec("records", "Records", model="Record", incremental=True),
        StreamSpec("essays", "Essays", model="Essay", incremental=True, optional=True),
        StreamSpec("properties", "Properties", model="Property", incremental=True, optional=True),
    ),
    receives_webhooks=True,
)
