"""How many addresses a provider takes in one call."""

from __future__ import annotations

from integrations.systems.base import Options

CENSUS = 200  # of the 10,000 it takes, so many are answered within the deadline of a service


def at_once(options: Options) -> int:
    """One for Nominatim, some hundreds for the Census."""
    return CENSUS if options.get("provider") == "census" else 1
