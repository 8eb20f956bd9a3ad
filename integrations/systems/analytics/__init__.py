"""Page views and visit time of a page, by Umami or Plausible."""

from integrations.systems.auth import ApiKey, Bearer, Kind, Reading, SessionToken
from integrations.systems.base import Option, Options, SecretField, System
from integrations.transport.limits import Limits


def signing(options: Options) -> Kind:
    """How the product that was chosen lets the console in."""
    if options["product"] == "plausible":
        return Bearer("api_key")
    if options["umami_access"] == "api_key":
        return ApiKey("api_key", header="x-umami-api-key")
    return SessionToken(
        "/auth/login",
        needs=("username", "password"),
        payload={"username": "{username}", "password": "{password}"},
        log_out="POST /auth/logout",
        reading=Reading(token="token", expiry=""),  # noqa: S106 - where the token is, not what it is
    )


UMAMI = ("umami", "umami2")

SYSTEM = System(
    slug="analytics",
    label="Page analytics",
    docs_url="https://umami.is/docs/api",
    options=(
        Option(
            "product",
            "Product",
            kind="choice",
            default="umami",
            choices=(("umami", "Umami 3"), ("umami2", "Umami 2"), ("plausible", "Plausible")),
            required=True,
            help="Base URL: https://<host>/api for Umami, https://api.umami.is/v1 for Umami Cloud, "
            "https://plausible.io for Plausible.",
        ),
        Option("site", "Site", help="Umami: the website ID. Plausible: the domain as it is entered there."),
        Option(
            "umami_access",
            "Access to Umami",
            kind="choice",
            default="password",
            choices=(("password", "User and password (self-hosted)"), ("api_key", "API key (Umami Cloud)")),
            required=True,
            help="Plausible always takes an API key.",
            when={"product": UMAMI},
        ),
        Option(
            "username", "User", help="Of a self-hosted Umami.", when={"product": UMAMI, "umami_access": ("password",)}
        ),
    ),
    secrets=(
        SecretField(
            "password",
            "Password",
            help="Of a self-hosted Umami.",
            when={"product": UMAMI, "umami_access": ("password",)},
        ),
        SecretField("api_key", "API key", help="Of Umami Cloud or Plausible."),
    ),
    auth=signing,
    # What both vendors allow: 50 calls in 15 seconds (Umami Cloud), 600 an hour (Plausible).
    limits=Limits(per_second=3, per_hour=600),
)
