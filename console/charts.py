"""Shapes figures into what console.js and the templates draw; colours are names of CSS variables."""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from urllib.parse import urlencode

from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from console import call_links
from integrations import formatting
from integrations.rollups import histogram
from integrations.rollups.tally import Times
from integrations.rollups.writing import DAY
from integrations.windows import Window

Link = Callable[[datetime, datetime], str]  # to the calls of a stretch of time
Line = tuple[str, Sequence[float | None]]  # its colour, and a value for each point

# Milliseconds at which bands of the heat map begin: steps that are read at a glance.
BANDS = [0.0, *(step * 10.0**power for power in range(6) for step in (1, 2, 5))]
BAND_OF = [bisect_right(BANDS, ms) - 1 for ms in histogram.MIDDLES]  # by bucket of a histogram
COLUMNS = 62
BARS = 40
LEVELS = 8
CELL = '<a href="{}"><rect x="{}" y="{}" width="1" height="1" class="c-h{}"><title>{}</title></rect></a>'
DASHES: tuple[list[int], ...] = ([], [6, 3], [2, 2])  # so that lines are told apart without colours


def stamp(window: Window, at: datetime) -> str:
    """A point of the axis of time, as short as it stays clear."""
    local = timezone.localtime(at)
    if window.step == DAY:
        return f"{local:%d %b}"
    return f"{local:%H:%M}" if window.until - window.since <= timedelta(hours=26) else f"{local:%d %b %H:%M}"


def lines(window: Window, series: Mapping[str, Line], link: Link | None = None, *, log: bool = False) -> str:
    """Milliseconds over time.

    Args:
        log: with an axis on which ten times as much is as far, wherever it is, so that no outlier flattens the rest.
    """
    points, step = window.points(), timedelta(seconds=window.step)
    return json.dumps(
        {
            "kind": "line",
            "log": log,
            "labels": [stamp(window, at) for at in points],
            "series": [
                {
                    "label": label,
                    "colour": colour,
                    "dash": dash,
                    "data": [value and round(value, 2) for value in values],
                }
                for dash, (label, (colour, values)) in zip(DASHES, series.items(), strict=False)
            ],
            "links": [link(at, at + step) for at in points] if link else [],
        }
    )


@dataclass(frozen=True)
class Bar:
    """Calls that took from so long to so long."""

    low: float
    high: float
    calls: int

    @property
    def label(self) -> str:
        """Where it begins."""
        return formatting.milliseconds(self.low)


def sparkline(values: Sequence[float | None]) -> list[str]:
    """Of a field of 100 by 24: the points of each stretch without a gap, in the notation of SVG; the top is the greatest."""
    most = max((value for value in values if value is not None), default=0.0) or 1.0
    step = 100 / max(len(values) - 1, 1)
    places = [None if value is None else (number * step, 23 - 22 * value / most) for number, value in enumerate(values)]
    stretches = [
        list(filter(None, each)) for is_gap, each in groupby(places, key=lambda each: each is None) if not is_gap
    ]
    return [" ".join(f"{x:.1f},{y:.1f}" for x, y in _drawn(each, step)) for each in stretches]


def _drawn(stretch: list[tuple[float, float]], step: float) -> list[tuple[float, float]]:
    """A point alone is drawn as a dash as long as a step: as a line it would not be seen."""
    if len(stretch) > 1:
        return stretch
    ((x, y),) = stretch
    return [(max(x - step / 2, 0), y), (min(x + step / 2, 100), y)]


def distribution(times: Times) -> list[Bar]:
    """Bars of equal proportions from the fastest to the slowest; at most about `BARS`."""
    if not times.buckets:
        return []
    first, last = min(times.buckets), max(times.buckets)
    width = max(1, -(-(last - first + 1) // BARS))
    counts = [0] * ((last - first) // width + 1)
    for bucket, count in times.buckets.items():
        counts[(bucket - first) // width] += count
    edges = [histogram.lowest(first + number * width) for number in range(len(counts) + 1)]
    return [Bar(low, high, count) for (low, high), count in zip(pairwise(edges), counts, strict=True)]


def bars(found: Sequence[Bar], links: Sequence[str]) -> str:
    """How many calls took how long."""
    series = {"label": "calls", "colour": "--c-line-strong", "dash": [], "data": [bar.calls for bar in found]}
    return json.dumps({"kind": "bar", "labels": [bar.label for bar in found], "series": [series], "links": links})


@dataclass(frozen=True)
class Column:
    """A stretch of time, and the address of its calls."""

    since: datetime
    until: datetime
    label: str
    href: str


@dataclass(frozen=True)
class Band:
    """From so many milliseconds to so many; `query` asks for the calls that took as long."""

    low: float
    high: float | None
    label: str
    query: str


@dataclass(frozen=True)
class Cell:
    """Calls of one stretch of time that took about as long."""

    x: int
    y: int
    column: Column
    band: Band
    calls: int
    level: int

    @property
    def title(self) -> str:
        """All of it in words."""
        return f"{self.column.label}, {self.band.label}: {self.calls:,} call{'s'[: self.calls != 1]}"

    @property
    def href(self) -> str:
        """The list of its calls."""
        return f"{self.column.href}&{self.band.query}"


@dataclass(frozen=True)
class HeatMap:
    """Time to the right, latency upwards; darker where there are more calls."""

    columns: list[Column]
    bands: list[str]
    ticks: list[str]
    most: int
    cells: list[Cell]

    @property
    def drawn(self) -> SafeString:
        """The cells in SVG: hundreds, which a loop of the template takes longer for."""
        return format_html_join("", CELL, ((cell.href, cell.x, cell.y, cell.level, cell.title) for cell in self.cells))


def heat_map(window: Window, points: Mapping[datetime, Times], link: Link) -> HeatMap:
    """Of what was sent, by the points of a window; several together where there are many."""
    together = timedelta(seconds=window.step * -(-len(window.points()) // COLUMNS))
    # A column has many cells, and so has a band: what they say and where they lead is made once.
    columns = [_column(window, since, together, link) for since in _starts(window, together)]
    counts = _counts(points, columns, together)
    used = [number for number in range(len(BANDS)) if any(bands[number] for bands in counts)] or [0]
    most = max(map(max, counts)) or 1
    shown = {number: _band(number) for number in range(used[-1], used[0] - 1, -1)}
    return HeatMap(
        columns,
        [_short(band.low) for band in shown.values()],
        [stamp(window, window.since + number * (window.until - window.since) / 4) for number in range(4)],
        most,
        [
            Cell(x, used[-1] - number, columns[x], shown[number], count, _level(count, most))
            for x, bands in enumerate(counts)
            for number, count in enumerate(bands)
            if count
        ],
    )


def _counts(points: Mapping[datetime, Times], columns: Sequence[Column], together: timedelta) -> list[list[int]]:
    """How many calls each column has in each band."""
    counts = [[0] * len(BANDS) for _ in columns]
    for at, times in points.items():
        bands = counts[(at - columns[0].since) // together]
        for bucket, count in times.buckets.items():
            bands[BAND_OF[bucket]] += count
    return counts


def _starts(window: Window, together: timedelta) -> list[datetime]:
    return [window.since + number * together for number in range(-(-(window.until - window.since) // together))]


def _column(window: Window, since: datetime, together: timedelta, link: Link) -> Column:
    until = min(since + together, window.until)
    return Column(since, until, f"{stamp(window, since)} to {stamp(window, until)}", link(since, until))


def _band(number: int) -> Band:
    low, high = BANDS[number], BANDS[number + 1] if number + 1 < len(BANDS) else None
    label = f"{_short(low)} to {_short(high)}" if high else f"over {_short(low)}"
    return Band(low, high, label, urlencode(call_links.took(low, high)))


def _level(calls: int, most: int) -> int:
    """Of colour, by the logarithm."""
    return 1 + round((LEVELS - 1) * math.log(calls) / math.log(most)) if most > 1 else LEVELS


def _short(ms: float) -> str:
    return f"{ms / 1000:g} s" if ms >= 1000 else f"{ms:g} ms"
