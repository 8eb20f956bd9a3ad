"""Deliveries of whoever publishes the API, described by options alone."""

from __future__ import annotations

from collections.abc import Collection

from integrations.systems.base import Options
from integrations.systems.deliveries import Identity
from integrations.systems.receiving import handle, identify, sender
from integrations.systems.rest import SYSTEM

__all__ = ["handle", "identify", "sender", "touches"]


def touches(_identity: Identity, options: Options) -> Collection[str]:
    """Every stream, where staff said so; the console leaves out those that are off."""
    return [stream.name for stream in SYSTEM.streams] if options["hook_syncs"] else ()
