"""Which recorded calls can be made again from what was stored of them."""

from __future__ import annotations

from urllib.parse import quote_plus

from integrations import systems
from integrations.models import Call
from integrations.systems.auth import ApiKey, kind_of
from integrations.transport.origin import is_same_origin
from integrations.transport.redaction import BLANK

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})  # RFC 9110, section 9.2.1: they change nothing at the remote
LONGEST_URL = Call._meta.get_field("url").max_length


def objection(call: Call) -> str:
    """Why the call cannot be made again, and what to do instead; empty if it can."""
    service = call.service
    if call.method not in SAFE:
        return _unsafe(call)
    if not service.enabled:
        return f"{service} is switched off. Enable the service first."
    if BLANK in _asked(call):
        return "Its address held a secret, which was not stored. Start what made the call instead."
    if len(call.url) == LONGEST_URL:
        return "Its address was too long to be stored whole. Start what made the call instead."
    if not address(call):
        return f"It went to another address than {service} has now ({service.base_url}). Start what made it instead."
    return ""


def _unsafe(call: Call) -> str:
    if call.method == "SELECT":  # what made it can ask again, and goes on from there
        return "What a database was asked is not asked again here. Start what asked it instead."
    return f"A {call.method} may change things at {call.service}: only calls that read are made again here."


def address(call: Call) -> str:
    """What to ask the service's transport for; empty if the call went elsewhere than the service is now."""
    base, asked = call.service.base_url.rstrip("/"), _asked(call)
    if asked.startswith(f"{base}/"):
        return asked.removeprefix(base)
    return asked if is_same_origin(base, asked) else ""


def _asked(call: Call) -> str:
    """The address less the secret that signing adds to it anew."""
    system = systems.all_systems().get(call.service.system)
    kind = kind_of(system, call.service.options) if system else None
    if not isinstance(kind, ApiKey) or not kind.query:
        return call.url
    path, _, query = call.url.partition("?")
    kept = [part for part in query.split("&") if part != f"{quote_plus(kind.query)}={BLANK}"]
    return f"{path}?{'&'.join(kept)}" if any(kept) else path
