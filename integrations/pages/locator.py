"""A map without a map: the lines of latitude and longitude around a point, with a scale."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

WIDTH, HEIGHT, MARGIN = 640, 300, 24
STEP = 0.01  # degrees from line to line
WIDEST_LABEL = 120  # pixels, on a phone, where it is written larger
PIXELS_A_DEGREE = 9000.0
METRES_A_DEGREE = 111_320.0  # of latitude, and of longitude at the equator
NARROWEST = 0.1  # near the poles, where lines of longitude meet, they are drawn no closer than so


@dataclass(frozen=True)
class Line:
    """Where a line is drawn, and what it is called.

    Attributes:
        at: pixels from the left, or from the top.
        label: of a meridian empty where there is no room for it.
    """

    at: float
    label: str


@dataclass(frozen=True)
class Locator:
    """What the picture needs; the point is in its middle.

    Attributes:
        kilometre: its length in pixels.
    """

    meridians: tuple[Line, ...]
    parallels: tuple[Line, ...]
    kilometre: float

    @property
    def scale_from(self) -> float:
        """Where the scale begins, at the right of the picture."""
        return round(WIDTH - MARGIN - self.kilometre, 1)

    @property
    def scale_middle(self) -> float:
        """Where its name is."""
        return round(WIDTH - MARGIN - self.kilometre / 2, 1)


def around(latitude: Decimal, longitude: Decimal) -> Locator:
    """The picture of a point, in decimal degrees (WGS 84)."""
    lat, lon = float(latitude), float(longitude)
    across = PIXELS_A_DEGREE * max(math.cos(math.radians(lat)), NARROWEST)
    reach_lat, reach_lon = HEIGHT / 2 / PIXELS_A_DEGREE, WIDTH / 2 / across
    return Locator(
        meridians=tuple(
            _meridian(number, WIDTH / 2 + (number * STEP - lon) * across) for number in _lines(lon, reach_lon)
        ),
        parallels=tuple(
            Line(round(HEIGHT / 2 - (number * STEP - lat) * PIXELS_A_DEGREE, 1), named(number * STEP, "N", "S"))
            for number in _lines(lat, reach_lat)
            if abs(number * STEP) <= 90
        ),
        kilometre=round(1000 / METRES_A_DEGREE * PIXELS_A_DEGREE, 1),
    )


def _meridian(number: int, at: float) -> Line:
    has_room = number % 2 == 0 and at < WIDTH - WIDEST_LABEL
    return Line(round(at, 1), named(_wrapped(number * STEP), "E", "W") if has_room else "")


def named(degrees: float, positive: str, negative: str) -> str:
    """“41.88° N”."""
    return f"{abs(degrees):.2f}° {negative if degrees < 0 else positive}"


def _wrapped(longitude: float) -> float:
    return (longitude + 180) % 360 - 180


def _lines(middle: float, reach: float) -> Iterator[int]:
    """Numbers of the lines within reach, counted from zero degrees."""
    yield from range(math.ceil((middle - reach) / STEP), math.floor((middle + reach) / STEP) + 1)
