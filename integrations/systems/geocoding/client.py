"""Finds where addresses are, by the provider that the options name."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from integrations.systems.base import Options
from integrations.systems.geocoding.asking import Asking
from integrations.systems.geocoding.census import Census
from integrations.systems.geocoding.nominatim import Nominatim
from integrations.systems.geocoding.places import BatchAddress, BatchResult, Place, one_line
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from integrations.transport.http import Transport


class Client:
    """One geocoder. Its vendors' pages are named in `nominatim.py` and `census.py`."""

    def __init__(self, transport: Transport, options: Options) -> None:
        asking = Asking(transport, one_line(str(options["contact"] or "")))
        self._provider: Nominatim | Census
        if options["provider"] == "census":
            self._provider = Census(asking, str(options["benchmark"]))
        else:
            self._provider = Nominatim(asking, str(options["country_codes"] or ""))

    def geocode(self, address: str) -> Place | None:
        """Where an address is; None where the provider knows no such place, or the address is blank.

        Both answers are kept for a day. How many spaces there are in the address makes no difference.

        Raises:
            CallError: the provider refuses or fails (the Census refuses more than 100 characters), or answers nonsense.
            Parked: the limit of one call a second is used up for the next ten seconds.
        """
        text = one_line(address)
        return self._provider.geocode(text) if text else None

    def reverse(self, latitude: Decimal, longitude: Decimal) -> Place | None:
        """What is at a point, in decimal degrees; None where nothing is. Kept for a day. Nominatim only.

        Raises:
            CallError: as `geocode`, or the provider cannot do it.
            Parked: as `geocode`.
        """
        if isinstance(self._provider, Nominatim):
            return self._provider.reverse(latitude, longitude)
        raise CallError(Code.NOT_SENDABLE, "The Census finds no addresses for points: take a service with Nominatim.")

    def geocode_batch(self, rows: Sequence[BatchAddress]) -> list[BatchResult]:
        """Where many addresses are, in one call; nothing is kept. Census only.

        The Census takes 10,000 at once, but it must answer within the service's deadline: ask for some hundreds.

        Returns:
            A result with the id of each address, in the order of the addresses.

        Raises:
            CallError: as `geocode`, or there are too many, or the provider cannot do it.
            Parked: as `geocode`.
        """
        if isinstance(self._provider, Census):
            return self._provider.geocode_batch(rows)
        raise CallError(Code.NOT_SENDABLE, "Nominatim takes no batches: take a service with the Census.")

    def check_health(self) -> str:
        """One cheap call: how old Nominatim's data are, or which benchmark of the Census is searched."""
        return self._provider.check_health()
