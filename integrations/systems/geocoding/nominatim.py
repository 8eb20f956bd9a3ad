"""Nominatim, which searches OpenStreetMap."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal
from typing import Any

import jmespath

from integrations.systems.geocoding.asking import Asking
from integrations.systems.geocoding.places import OSM_ATTRIBUTION, Place, bad_answer, degrees
from integrations.systems.stamps import parse_stamp
from integrations.transport.answer import Answer
from integrations.transport.codes import Code
from integrations.transport.errors import CallError

NOTHING_THERE = "Unable to geocode"
FORMAT = {"format": "jsonv2", "addressdetails": 0}


class Nominatim:
    """One server.

    Args:
        country_codes: two letters each, with commas between them; empty for the whole world.
    """

    def __init__(self, asking: Asking, country_codes: str) -> None:
        self._asking = asking
        self._countries = "".join(country_codes.lower().split()) or None

    # https://nominatim.org/release-docs/latest/api/Search/
    def geocode(self, address: str) -> Place | None:
        """The best place for an address; None where there is none."""
        params = {"q": address, **FORMAT, "limit": 1, "countrycodes": self._countries}
        return self._asking.kept("geocode", "search", params, _first)

    # https://nominatim.org/release-docs/latest/api/Reverse/
    def reverse(self, latitude: Decimal, longitude: Decimal) -> Place | None:
        """What is at a point; None where nothing is."""
        params = {"lat": f"{latitude:.7f}", "lon": f"{longitude:.7f}", **FORMAT}
        return self._asking.kept("reverse", "reverse", params, _nearest)

    # https://nominatim.org/release-docs/latest/api/Status/
    def check_health(self) -> str:
        """How old the data are."""
        said = self._asking.request("check_health", "GET", "status", params={"format": "json"}).data
        if not isinstance(said, dict) or type(said.get("status")) is not int:
            raise bad_answer("There is no status in the answer.")
        if said["status"]:
            raise CallError(Code.SERVER_ERROR, f"Nominatim says: {said.get('message')} ({said['status']}).")
        stamp = parse_stamp(said.get("data_updated"))
        return f"Data of {stamp.astimezone(UTC):%Y-%m-%d %H:%M} UTC." if stamp else ""


def _first(answer: Answer) -> Place | None:
    if not isinstance(answer.data, list):
        raise _no_place(answer.data)
    return _place(answer.data[0]) if answer.data else None


def _nearest(answer: Answer) -> Place | None:
    if isinstance(answer.data, dict) and answer.data.get("error") == NOTHING_THERE:
        return None
    return _place(answer.data)


def _place(raw: Any) -> Place:
    if not isinstance(raw, dict) or not isinstance(raw.get("display_name"), str):
        raise _no_place(raw)
    return Place(
        latitude=degrees(raw.get("lat"), "latitude", 90),
        longitude=degrees(raw.get("lon"), "longitude", 180),
        display_name=raw["display_name"],
        provider_id=_osm_object(raw),
        precision=str(raw.get("addresstype") or raw.get("type") or ""),
        attribution=OSM_ATTRIBUTION,
    )


def _no_place(data: Any) -> CallError:
    said = jmespath.search("error.message || error", data)
    return bad_answer(f"Nominatim says: {said}." if isinstance(said, str) else "There is no place in the answer.")


def _osm_object(raw: dict[str, Any]) -> str:
    """Not `place_id`, which is another one after every import and on every server."""
    kind, number = raw.get("osm_type"), raw.get("osm_id")
    return f"{kind}/{number}" if kind and number else ""
