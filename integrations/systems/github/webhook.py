"""GitHub's deliveries: how they are verified, named and understood.

https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import parse_qs

from integrations.systems.base import Options
from integrations.systems.deliveries import Delivery, Identity
from integrations.webhooks.schemes.senders import SENDERS, Sender

HANDLES = frozenset({"push", "ping"})  # what else comes is kept and described, and nothing is done about it
NO_COMMIT = "0" * 40
HEADS, TAGS = "refs/heads/", "refs/tags/"


def sender(_options: Options) -> Sender:
    """Always GitHub itself."""
    return SENDERS["github"]


def identify(delivery: Delivery) -> Identity:
    """Id and type are in the headers; the body is JSON, or a form that holds it."""
    body = delivery.body
    if delivery.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        body = parse_qs(body.decode("utf-8", "replace")).get("payload", [""])[0].encode("utf-8", "surrogatepass")
    return SENDERS["github"].identity(delivery.headers, body)


def handle(identity: Identity) -> str:
    """What the delivery says, in a sentence for staff."""
    payload = identity.payload if isinstance(identity.payload, dict) else {}
    repository = (payload.get("repository") or {}).get("full_name") or "an organisation"
    if identity.event_type == "push":
        return _push(payload, repository)
    action = payload.get("action")
    return f"{identity.event_type} {action} in {repository}" if action else f"{identity.event_type} in {repository}"


def touches(identity: Identity, options: Options) -> Collection[str]:
    """A push to the branch that is read, of the repository that is read, touches both streams."""
    payload = identity.payload if isinstance(identity.payload, dict) else {}
    if identity.event_type != "push" or payload.get("after") == NO_COMMIT:
        return ()
    repository = payload.get("repository") or {}
    branch = options["branch"] or repository.get("default_branch")
    is_read = str(repository.get("full_name", "")).lower() == options["repository"].lower()
    return ("files", "records") if is_read and payload.get("ref") == f"{HEADS}{branch}" else ()


def _push(payload: Mapping[str, Any], repository: str) -> str:
    who = (payload.get("pusher") or {}).get("name") or "somebody"
    ref = str(payload.get("ref", ""))
    tag = f"the tag {ref.removeprefix(TAGS)}" if ref.startswith(TAGS) else ""
    branch = ref.removeprefix(HEADS)
    if payload.get("after") == NO_COMMIT:
        return f"{who} deleted {tag or branch} of {repository}"
    if tag:
        return f"{who} pushed {tag} to {repository}"
    commits = len(payload.get("commits") or [])
    return f"{who} pushed {commits} commit{'' if commits == 1 else 's'} to {branch} of {repository}"
