"""GitHub's deliveries: how they are verified, named and understood.

https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

from integrations.systems.base import Delivery, Identity, Refused
from integrations.webhooks.parsing import parse
from integrations.webhooks.signatures import hmac_sha256_hex

NO_COMMIT = "0" * 40
TAGS = "refs/tags/"


def verify(delivery: Delivery, secrets: Mapping[str, Sequence[str]]) -> None:
    """The HMAC of the raw body must be ours; Refused says which check failed."""
    valid = secrets.get("webhook_secret", ())
    if not any(valid):
        raise Refused("no webhook secret is set for this service")
    signature = delivery.headers.get("x-hub-signature-256", "")
    if not signature:
        raise Refused("the header X-Hub-Signature-256 is missing")
    if not signature.startswith("sha256="):
        raise Refused("the header X-Hub-Signature-256 does not begin with sha256=")
    if not hmac_sha256_hex(valid, delivery.body, signature.removeprefix("sha256=")):
        raise Refused("the signature does not fit the body and the webhook secret")


def identify(delivery: Delivery) -> Identity:
    """Id and type are in the headers; the body is JSON, or a form that holds it."""
    body = delivery.body
    if delivery.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        body = parse_qs(body.decode("utf-8", "replace")).get("payload", [""])[0].encode()
    headers = delivery.headers
    return Identity(headers.get("x-github-delivery", ""), headers.get("x-github-event", ""), parse(body))


def handle(identity: Identity) -> str:
    """What the delivery says, in a sentence for staff."""
    payload = identity.payload if isinstance(identity.payload, dict) else {}
    repository = (payload.get("repository") or {}).get("full_name") or "an organisation"
    if identity.event_type == "push":
        return _push(payload, repository)
    action = payload.get("action")
    return f"{identity.event_type} {action} in {repository}" if action else f"{identity.event_type} in {repository}"


def _push(payload: Mapping[str, Any], repository: str) -> str:
    who = (payload.get("pusher") or {}).get("name") or "somebody"
    ref = str(payload.get("ref", ""))
    tag = f"the tag {ref.removeprefix(TAGS)}" if ref.startswith(TAGS) else ""
    branch = ref.removeprefix("refs/heads/")
    if payload.get("after") == NO_COMMIT:
        return f"{who} deleted {tag or branch} of {repository}"
    if tag:
        return f"{who} pushed {tag} to {repository}"
    commits = len(payload.get("commits") or [])
    return f"{who} pushed {commits} commit{'' if commits == 1 else 's'} to {branch} of {repository}"
