"""GitHub: its webhooks and what is left of its rate limit."""

from integrations.systems.auth import Bearer
from integrations.systems.base import SecretField, System

SYSTEM = System(
    slug="github",
    label="GitHub",
    docs_url="https://docs.github.com/en/rest",
    base_url="https://api.github.com",
    headers={"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"},
    secrets=(
        SecretField(
            "token", "Access token", help="Sent as a bearer token. Without one GitHub allows 60 calls an hour."
        ),
        SecretField(
            "webhook_secret",
            "Webhook secret",
            help="The same as in the settings of the webhook at GitHub.",
            overlaps=True,
        ),
    ),
    auth=Bearer("token"),
    receives_webhooks=True,
)
