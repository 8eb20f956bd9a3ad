"""The secrets of a service as those who use them get them."""

from __future__ import annotations

from integrations import credentials
from integrations.models import Credential, Service


def all_of(service: Service, field: str) -> list[str]:
    """Every active one, newest first."""
    return [row.reveal(Credential.Purpose.VERIFY) for row in credentials.active(service, field)]


def one_of(service: Service, field: str) -> str:
    """The only active one."""
    (secret,) = all_of(service, field)
    return secret
