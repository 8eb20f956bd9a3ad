"""Who sends how: the scheme of each known sender, and where its deliveries say what they are.

Vendors' pages stand beside their lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from integrations.systems.deliveries import Identity
from integrations.systems.paths import at
from integrations.webhooks.parsing import parse
from integrations.webhooks.schemes.base import Scheme
from integrations.webhooks.schemes.shared import Token
from integrations.webhooks.schemes.signed import Signed


@dataclass(frozen=True)
class Sender:
    """One known sender.

    Attributes:
        id_header, type_header: where it says which delivery this is and what happened; or else in the body, at the paths.
        challenge_path: where the body holds what must be sent back at once; nothing is there in a usual delivery.
        has_handshake: before it sends it asks with GET whether the address is ours.
    """

    scheme: Scheme
    id_header: str = ""
    id_path: str = ""
    type_header: str = ""
    type_path: str = ""
    challenge_path: str = ""
    has_handshake: bool = False

    def identity(self, headers: Mapping[str, str], body: bytes) -> Identity:
        """What a delivery says of itself, by the headers or else by what stands in the body."""
        parsed, claimed = parse(body), headers.get(self.id_header, "").strip()
        return Identity(
            claimed or _text(self.id_path, parsed.value),
            headers.get(self.type_header, "") or _text(self.type_path, parsed.value),
            parsed.value,
            parsed.holds,
            id_is_signed=self.scheme.signs_ids or not self.id_header,
        )


def _text(path: str, payload: Any) -> str:
    found = at(path, payload) if path else ""
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""


# https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
GITHUB = Signed("x-hub-signature-256", prefix="sha256=")
# https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
STANDARD = Signed(
    "webhook-signature",
    prefix="v1,",
    encoding="base64",
    template="{id}.{timestamp}.{body}",
    separator=" ",
    timestamp="webhook-timestamp",
    id="webhook-id",
    decodes_key=True,
)
# https://docs.svix.com/receiving/verifying-payloads/how-manual
SVIX = replace(STANDARD, header="svix-signature", timestamp="svix-timestamp", id="svix-id")
# https://docs.stripe.com/webhooks#verify-manually
STRIPE = Signed("stripe-signature", prefix="v1=", template="{timestamp}.{body}", separator=",", timestamp="t=")
# https://shopify.dev/docs/apps/build/webhooks/subscribe/https
SHOPIFY = Signed("x-shopify-hmac-sha256", encoding="base64")
# https://docs.slack.dev/authentication/verifying-requests-from-slack
SLACK = Signed(
    "x-slack-signature", prefix="v0=", template="v0:{timestamp}:{body}", timestamp="x-slack-request-timestamp"
)
# https://docs.ghost.org/webhooks
GHOST = Signed(
    "x-ghost-signature",
    prefix="sha256=",
    template="{body}{timestamp}",
    separator=",",
    timestamp="t=",
    milliseconds=True,
)

SENDERS: Mapping[str, Sender] = {
    "github": Sender(GITHUB, id_header="x-github-delivery", type_header="x-github-event"),
    "standard": Sender(STANDARD, id_header="webhook-id", type_path="type"),
    "svix": Sender(SVIX, id_header="svix-id", type_path="type"),
    "stripe": Sender(STRIPE, id_path="id", type_path="type"),
    "shopify": Sender(SHOPIFY, id_header="x-shopify-webhook-id", type_header="x-shopify-topic"),
    # https://docs.slack.dev/reference/events/url_verification
    "slack": Sender(
        SLACK,
        id_path="event_id",
        type_path="event.type || type",
        challenge_path="type == 'url_verification' && challenge",
    ),
    # https://docs.gitlab.com/user/project/integrations/webhooks/
    "gitlab": Sender(Token("x-gitlab-token"), id_header="x-gitlab-event-uuid", type_header="x-gitlab-event"),
    "gitlab_signed": Sender(STANDARD, id_header="webhook-id", type_header="x-gitlab-event"),
    "ghost": Sender(GHOST),
    # https://developers.facebook.com/docs/graph-api/webhooks/getting-started
    "meta": Sender(GITHUB, type_path="object", has_handshake=True),
}
