"""What some calls came to together; any partition of them merges to the same."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Self

from integrations.rollups import histogram

MOST_SLOWEST = 10

Slow = tuple[float, int]  # milliseconds and key of a call
Row = Mapping[str, Any]  # of rollups, or what `Tally.columns` makes


@dataclass
class Times:
    """How many calls there were, and how long they took: all that a point of a chart is made of."""

    calls: int = 0
    max_ms: float = 0.0
    buckets: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Self:
        """What rollups came to together."""
        made = cls()
        made._merge(rows)
        return made

    def _merge(self, rows: Sequence[Row]) -> None:
        self.calls = sum(row["calls"] for row in rows)
        self.max_ms = max((row["max_ms"] for row in rows), default=0.0)
        self.buckets = histogram.merged(row["buckets"] for row in rows)

    def percentiles(self, *percents: int) -> dict[int, float]:
        """In milliseconds, none above the greatest there was; empty where there are no calls."""
        found = histogram.percentiles(self.buckets, percents)
        return {percent: min(value, self.max_ms) for percent, value in found.items()}

    def within(self, ms: float) -> int:
        """How many calls took at most so long."""
        slower = bisect_right(histogram.MIDDLES, ms)
        return sum(count for bucket, count in self.buckets.items() if bucket < slower)


@dataclass
class Tally(Times):
    """The same, and what came of them."""

    retries: int = 0
    total_us: int = 0
    codes: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    slowest: list[Slow] = field(default_factory=list)

    def _merge(self, rows: Sequence[Row]) -> None:
        super()._merge(rows)
        # The greatest first, so that the slowest calls of most need not be parsed.
        for row in sorted(rows, key=itemgetter("max_ms"), reverse=True):
            self.retries += row["retries"]
            self.total_us += row["total_us"]
            if row["codes"]:
                self._add_codes(json.loads(row["codes"]))
            if len(self.slowest) < MOST_SLOWEST or row["max_ms"] >= self.slowest[-1][0]:
                self._add_slowest((float(ms), int(key)) for ms, key in json.loads(row["slowest"]))

    def add(self, other: Tally) -> Self:
        """Merge."""
        self.calls += other.calls
        self.retries += other.retries
        self.total_us += other.total_us
        self.max_ms = max(self.max_ms, other.max_ms)
        histogram.add(self.buckets, other.buckets.items())
        self._add_codes(other.codes)
        self._add_slowest(other.slowest)
        return self

    def _add_codes(self, codes: Mapping[str, int]) -> None:
        for code, count in codes.items():
            self.codes[code] += count

    def _add_slowest(self, slowest: Iterable[Slow]) -> None:
        self.slowest = sorted((*self.slowest, *slowest), reverse=True)[:MOST_SLOWEST]

    def columns(self) -> dict[str, Any]:
        """For a row of rollups."""
        told = {"codes": json.dumps(self.codes) if self.codes else "", "slowest": json.dumps(self.slowest)}
        return {**vars(self), **told, "buckets": histogram.pack(self.buckets)}

    @property
    def mean_ms(self) -> float | None:
        """None where there are no calls."""
        return self.total_us / self.calls / 1000 if self.calls else None
