"""What some calls came to together; any partition of them merges to the same."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from integrations.rollups import histogram

MOST_SLOWEST = 10

Slow = tuple[float, int]  # milliseconds and key of a call


@dataclass
class Tally:
    """Counts of calls; merged into with `add_row`."""

    calls: int = 0
    retries: int = 0
    total_us: int = 0
    max_ms: float = 0.0
    buckets: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    codes: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    slowest: list[Slow] = field(default_factory=list)

    def add_row(self, row: Mapping[str, Any]) -> Self:
        """Merge the columns of a rollup, as `columns` gives them."""
        self._add_counts(row)
        histogram.add_packed(self.buckets, row["buckets"])
        if row["codes"]:
            self._add_codes(json.loads(row["codes"]))
        if len(self.slowest) < MOST_SLOWEST or row["max_ms"] >= self.slowest[-1][0]:
            self._add_slowest((float(ms), int(key)) for ms, key in json.loads(row["slowest"]))
        return self

    def add(self, other: Tally) -> Self:
        """Merge."""
        self._add_counts(vars(other))
        for bucket, count in other.buckets.items():
            self.buckets[bucket] += count
        self._add_codes(other.codes)
        self._add_slowest(other.slowest)
        return self

    def _add_counts(self, row: Mapping[str, Any]) -> None:
        self.calls += row["calls"]
        self.retries += row["retries"]
        self.total_us += row["total_us"]
        self.max_ms = max(self.max_ms, row["max_ms"])

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

    def percentiles(self, *percents: int) -> dict[int, float]:
        """In milliseconds, none above the greatest there was; empty where there are no calls."""
        found = histogram.percentiles(self.buckets, percents)
        return {percent: min(value, self.max_ms) for percent, value in found.items()}

    def within(self, ms: float) -> int:
        """How many calls took at most so long."""
        slower = bisect_right(histogram.MIDDLES, ms)
        return sum(count for bucket, count in self.buckets.items() if bucket < slower)
