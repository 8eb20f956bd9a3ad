"""$label. Say in a line what staff get from it."""

from integrations.systems.auth import Bearer
from integrations.systems.base import Option, SecretField, StreamSpec, System

SYSTEM = System(
    slug="$slug",
    label="$label",
    docs_url="https://example.com/docs",
    options=(Option("page_size", "Page size", kind="integer", default=50, minimum=1, maximum=100, required=True),),
    secrets=(SecretField("token", "API token", help="Sent as a bearer token."),),
    auth=Bearer("token"),
    streams=(StreamSpec("things", "Things", model="Record"),),
)
