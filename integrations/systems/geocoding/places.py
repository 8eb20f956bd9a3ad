"""What geocoders find, and how their numbers are read."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Literal

from integrations.transport.codes import Code
from integrations.transport.errors import CallError

# To be shown with every place: https://osmfoundation.org/wiki/Licence/Attribution_Guidelines
OSM_ATTRIBUTION = "© OpenStreetMap contributors"

MICRODEGREE = Decimal("0.000001")  # some 11 cm: more is noise, though the Census sends 14 decimals

Verdict = Literal["Match", "Tie", "No_Match", "No_Answer"]


@dataclass(frozen=True)
class Place:
    """Where an address is.

    Attributes:
        latitude, longitude: decimal degrees (WGS 84), as exact as the provider says them.
        display_name: the address as the provider writes it.
        provider_id: OpenStreetMap's object, such as “way/238241022”, or the Census' TIGER/Line id of the street;
            empty where there is none, for a place between two known house numbers for example.
        precision: the provider's word for how exact it is; empty where it has none. Nominatim: the kind of thing
            that was found (“building”, “road”, “city”). Census: “Exact” or “Non_Exact” in a batch; else “Tie” for
            the first of several that fit.
        attribution: must be shown wherever the place is; empty where the provider wants none.
    """

    latitude: Decimal
    longitude: Decimal
    display_name: str
    provider_id: str = ""
    precision: str = ""
    attribution: str = ""


@dataclass(frozen=True)
class BatchAddress:
    """One address of a batch.

    Attributes:
        id: the caller's own; it comes back with the result.
        street: house number and street.
    """

    id: str
    street: str
    city: str = ""
    state: str = ""
    postal_code: str = ""


@dataclass(frozen=True)
class BatchResult:
    """What became of one address of a batch.

    Attributes:
        verdict: the Census' word; “No_Answer” is ours, for an address that its answer leaves out.
        place: for a “Match”.
    """

    id: str
    verdict: Verdict
    place: Place | None = None


def one_line(text: str) -> str:
    """Text with single spaces, so that the same address finds the same answer in the cache.

    Half a character (a lone surrogate), which no request can hold, becomes a question mark.
    """
    return " ".join(text.encode("utf-8", "replace").decode().split())


def bad_answer(sentence: str) -> CallError:
    """For an answer that cannot be what the provider documents."""
    return CallError(Code.BAD_ANSWER, sentence)


def degrees(value: object, name: str, most: int) -> Decimal:
    """A latitude or longitude, from a number or the text of one.

    Raises:
        CallError: it is no number, or not on Earth.
    """
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if number.is_finite() and -most <= number <= most:
        return number
    raise bad_answer(f"The answer says that “{str(value)[:40]}” is a {name}.")
