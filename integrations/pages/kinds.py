"""What pages show of external systems: of whom it is asked, about what, and for how long an answer is good.

What comes back is a stranger's word. It becomes a frozen value that people can be shown, or a `CallError`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import unquote, urlsplit

from django.utils import timezone

from integrations.models import Enrichment, Essay, Property, Service
from integrations.systems.opengraph.metadata import web_address
from integrations.text import storable
from integrations.transport.codes import Code
from integrations.transport.errors import CallError

PERIOD = timedelta(days=30)
MOST = 10**12  # views, or the worth of a parcel: beyond, somebody sends nonsense
LONGEST_VISIT_S = 30 * 86400
YEARS = range(1800, 2200)

Row = Essay | Property


@dataclass(frozen=True)
class Told:
    """An answer that people can be shown.

    Attributes:
        value: stored as JSON; the page's template knows its keys.
        as_of: set where it is not of now, because an older one stands in for a service that fails.
    """

    value: dict[str, Any]
    as_of: datetime | None = None


@dataclass(frozen=True)
class Kind:
    """One thing that a page shows of an external system.

    Attributes:
        name: also of its template.
        title: its heading.
        system: slug of the System that is asked.
        ttl: for how long nobody asks again.
        question: what is asked about; empty where there is nothing to ask.
        ask: asks a client of that System; raises CallError, also for nonsense, and Parked.
    """

    name: Enrichment.Kind
    title: str
    model: type[Row]
    system: str
    ttl: timedelta
    question: Callable[[Any], str]
    ask: Callable[[Any, str], Told]

    def service(self) -> Service | None:
        """Who is asked: the first by name of those that are switched on."""
        return Service.objects.filter(system=self.system, enabled=True).order_by("name", "pk").first()


def page_path(essay: Essay) -> str:
    """The path of the page at the source as products show it, unquoted; page views are counted by that."""
    url = source_address(essay)
    return storable(unquote(urlsplit(url).path)) or "/" if url else ""


def source_address(essay: Essay) -> str:
    """The page at the source; empty where that is no address of the web."""
    return web_address(essay.url)


def parcel(land: Property) -> str:
    """Its number at the assessor."""
    return storable(land.parcel_id).strip()


def is_located(land: Property) -> bool:
    """Whether the source says where it is."""
    return land.latitude is not None and land.longitude is not None


def postal_address(land: Property) -> str:
    """What a geocoder is asked; nothing where the source says where the property is."""
    if is_located(land) or not land.address.strip():
        return ""
    parts = (storable(part).strip() for part in (land.address, land.city, land.postal_code))
    return ", ".join(filter(None, parts))


def ask_views(client: Any, path: str) -> Told:
    """Of the last thirty days, up to the last full hour, so that all who ask within it ask the same."""
    end = timezone.now().replace(minute=0, second=0, microsecond=0)
    found = client.get_page_stats(path, end - PERIOD, end)
    _expect(0 <= found.page_views <= MOST, "page views")
    average = found.average_visit_s
    _expect(average is None or 0 <= average <= LONGEST_VISIT_S, "average visit time")
    value = {"page_views": found.page_views, "average_visit_s": average if average is None else round(average)}
    return Told(value, found.as_of)


def ask_preview(client: Any, url: str) -> Told:
    """What the page says of itself. Its pictures are not shown: nobody's browser is sent to strangers."""
    found = client.fetch_metadata(url)
    _expect(bool(found.title or found.description), "title or description")
    return Told(
        {
            "title": found.title,
            "description": found.description,
            "site_name": found.site_name or urlsplit(found.url).hostname or "",
            "url": web_address(found.canonical_url) or web_address(url),
        }
    )


def ask_assessment(client: Any, parcel_id: str) -> Told:
    """The latest assessment; that there is none is an answer too."""
    found = client.get_assessment(parcel_id)
    if found is None:
        return Told({"year": None})
    _expect(found.year in YEARS, "year")
    amounts = {"land": found.land, "building": found.building, "total": found.total}
    for name, amount in amounts.items():
        _expect(_is_amount(amount), f"{name} value")
    return Told({"year": found.year, "stage": storable(found.stage or "")[:40], **amounts})


def ask_place(client: Any, address: str) -> Told:
    """Where the address is; that nobody knows is an answer too."""
    found = client.geocode(address)
    if found is None:
        return Told({"latitude": None})
    place = asdict(found)
    kept = ("latitude", "longitude", "display_name", "attribution")
    return Told({name: storable(place[name]) if isinstance(place[name], str) else place[name] for name in kept})


def _is_amount(amount: Decimal | None) -> bool:
    return amount is None or 0 <= amount <= MOST


def _expect(fine: bool, what: str) -> None:
    if not fine:
        raise CallError(Code.BAD_ANSWER, f"What came as {what} cannot be shown to anybody.")


DAY = timedelta(days=1)
KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            Enrichment.Kind.ANALYTICS,
            "Readers",
            Essay,
            "analytics",
            timedelta(minutes=15),
            page_path,
            ask_views,
        ),
        Kind(Enrichment.Kind.PREVIEW, "At the source", Essay, "opengraph", DAY, source_address, ask_preview),
        Kind(Enrichment.Kind.ASSESSMENT, "Assessment", Property, "tax_assessor", DAY, parcel, ask_assessment),
        Kind(Enrichment.Kind.PLACE, "Where it is", Property, "geocoding", DAY, postal_address, ask_place),
    )
}
