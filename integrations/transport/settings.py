"""How to talk to one service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from integrations.transport.guard import Guard
from integrations.transport.meanings import Meanings


class Keep(StrEnum):
    """Of which attempts headers and bodies are kept."""

    NEVER = "never"
    FAILURES = "failures"
    ALWAYS = "always"


@dataclass(frozen=True)
class Settings:
    """How to talk to one service.

    Attributes:
        headers: sent with every request; credentials are not among them.
        secrets: every live secret of the service; blanked wherever it turns up.
        connect_timeout_s, deadline_s: seconds; the deadline covers one attempt from start to last byte.
        max_bytes: the largest answer that is read, after decompression.
        attempts: how often a request is tried where trying again does no harm.
        keep: of which attempts headers and bodies are handed to the hooks.
        ca_bundle: certificates in PEM form that are trusted beside the usual ones.
        client_certificate: certificate and private key in PEM form, for a remote that asks for one.
        guard: set where strangers choose the addresses: which of them may be fetched. Without one only the
            base URL is spoken to, wherever it is.
        meanings: of the vendor's own codes.
        idempotency_header: where the remote takes a key for requests that must be done once; empty if it takes none.
    """

    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    connect_timeout_s: float = 5.0
    deadline_s: float = 20.0
    max_bytes: int = 5 * 1024 * 1024
    attempts: int = 3
    keep: Keep = Keep.FAILURES
    ca_bundle: str = ""
    client_certificate: str = field(default="", repr=False)
    guard: Guard | None = None
    meanings: Meanings = field(default_factory=Meanings)
    idempotency_header: str = ""
