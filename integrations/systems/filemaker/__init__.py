"""FileMaker Server's Data API: the records of one layout."""

from integrations.systems.auth import Basic, Dead, Reading, SessionToken
from integrations.systems.base import Option, SecretField, StreamSpec, System
from integrations.transport.codes import Code
from integrations.transport.meanings import Meanings

# Where a code is not here, the HTTP status decides, which is 500 for nearly everything.
MEANINGS = {
    **{str(code): Code.FORBIDDEN for code in (9, *range(200, 300))},
    **{str(code): Code.HTTP_ERROR for code in (10, 100, 102, 104, 105, *range(500, 512), 802, 958, 960, 1708)},
    **{str(code): Code.NOT_FOUND for code in (101, 401)},
    **{str(code): Code.CONFLICT for code in (301, 306, 504)},
    **{str(code): Code.AUTH_FAILED for code in (212, 952)},
    **{str(code): Code.SERVER_ERROR for code in (953, 956)},
}
SESSIONS = "/fmi/data/{version}/databases/{database}/sessions"

SYSTEM = System(
    slug="filemaker",
    label="FileMaker Data API",
    docs_url="https://help.claris.com/en/data-api-guide/content/index.html",
    options=(
        Option("database", "Database", default="", required=True, help="Its name on the server, without “.fmp12”."),
        Option(
            "layout",
            "Layout",
            default="",
            required=True,
            help="Only fields that are on it are read and can be written.",
            suggest="list_layouts",
        ),
        Option("username", "Account", default="", required=True, help="Its privilege set needs “fmrest”."),
        Option(
            "version",
            "Version of the API",
            kind="choice",
            default="vLatest",
            choices=(("vLatest", "The latest"), ("v2", "v2"), ("v1", "v1")),
            required=True,
        ),
        Option(
            "sort_field",
            "Sort field",
            default="",
            help="A field whose values are unique and never change. Empty: in the order of creation.",
        ),
        Option("page_size", "Page size", kind="integer", default=100, minimum=1, maximum=1000, required=True),
        Option("title_field", "Field of the title", default="", help="For records."),
        Option("modified_field", "Field of the last change", default="", help="A timestamp; taken as UTC."),
        Option("parcel_field", "Field of the parcel", default="", help="For properties, like those below."),
        Option("address_field", "Field of the address", default=""),
        Option("city_field", "Field of the city", default=""),
        Option("postal_code_field", "Field of the postal code", default=""),
    ),
    secrets=(SecretField("password", "Password"),),
    headers={"Content-Type": "application/json"},  # demanded even where there is no body
    auth=SessionToken(
        SESSIONS,
        needs=("database", "username", "password"),
        basic=Basic("username", "password"),
        log_out=f"DELETE {SESSIONS}/{{token}}",
        reading=Reading("response.token", expiry="", life_s=15 * 60, slides=True),
        dead=Dead((200, 401, 500), "messages[0].code", ("952",)),
    ),
    meanings=Meanings("messages[0].code", MEANINGS),
    streams=(
        StreamSpec("records", "Records", model="Record"),
        StreamSpec("properties", "Properties", model="Property", optional=True),
    ),
)
