"""Salesforce: queries, writes by external id, deleted rows, and what is left of the daily calls."""

from integrations.systems.auth import ClientCredentials, Dead, JwtBearer, Kind, Reading
from integrations.systems.base import Option, Options, SecretField, StreamSpec, System

TOKEN_PATH = "/services/oauth2/token"  # noqa: S105 - an address
# No life is said: how long a session lasts is a setting of the org.
READING = Reading(base_url="instance_url")
DEAD = Dead(code="[0].errorCode", values=("INVALID_SESSION_ID",))
CLIENT = ClientCredentials("consumer_key", "consumer_secret", TOKEN_PATH, in_body=True, reading=READING, dead=DEAD)
ASSERTION = JwtBearer("consumer_key", "username", "audience", "private_key", TOKEN_PATH, reading=READING, dead=DEAD)


def _auth(options: Options) -> Kind:
    return ASSERTION if options["sign_in"] == "jwt_bearer" else CLIENT


WITH_SECRET, WITH_KEY = {"sign_in": ("client_credentials",)}, {"sign_in": ("jwt_bearer",)}

SYSTEM = System(
    slug="salesforce",
    label="Salesforce",
    docs_url="https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/intro_rest.htm",
    headers={"Accept": "application/json"},
    options=(
        Option(
            "sign_in",
            "Sign-in",
            kind="choice",
            default="client_credentials",
            choices=(("client_credentials", "Client credentials"), ("jwt_bearer", "JWT bearer")),
            required=True,
        ),
        Option("consumer_key", "Consumer key", help="Of the app at Salesforce."),
        Option("username", "User name", help="Whom the console acts as.", when=WITH_KEY),
        Option(
            "audience",
            "Kind of org",
            kind="choice",
            default="https://login.salesforce.com",
            choices=(("https://login.salesforce.com", "Production"), ("https://test.salesforce.com", "Sandbox")),
            required=True,
            help="Which login server the assertion is for.",
            when=WITH_KEY,
        ),
        Option("version", "API version", default="v67.0", required=True, help="For example: v67.0"),
        Option(
            "object",
            "Object",
            default="Contact",
            required=True,
            suggest="list_objects",
            help="API name of what the stream copies.",
        ),
        Option(
            "fields",
            "Fields",
            default="Name,Email,Phone",
            required=True,
            help="API names with commas between them, also of parents: Name,Account.Name,Legacy_Id__c",
        ),
        Option("where", "Condition", help="In SOQL, without WHERE. For example: Email != null"),
        Option("title_field", "Title field", default="Name", help="API name of the field that names a record."),
        Option(
            "batch_size",
            "Records a page",
            kind="integer",
            default=2000,
            minimum=200,
            maximum=2000,
            required=True,
            help="Salesforce may send fewer.",
        ),
    ),
    secrets=(
        SecretField("consumer_secret", "Consumer secret", when=WITH_SECRET),
        SecretField("private_key", "Private key", help="An RSA key in PEM form.", when=WITH_KEY),
    ),
    auth=_auth,
    streams=(StreamSpec("records", "Records", model="Record", incremental=True),),
)
