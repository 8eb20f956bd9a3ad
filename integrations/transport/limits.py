"""How often and how many at a time: limits of calls, and the earliest moment that keeps them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from integrations.transport.errors import Parked
from integrations.transport.waiting import LONGEST_SLEEP_S

UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
ROUNDING_S = 1e-6  # more than is lost when seconds of the epoch are added as floats
BURST = 10  # one tenth of the calls of a period may follow each other at once


@dataclass(frozen=True)
class Rate:
    """At most so many calls in any second, minute, hour or day.

    Kept by the generic cell rate algorithm (https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm) with
    a burst, and a spacing that pays for the burst: no window of the period ever holds more starts than
    `calls`, wherever it begins.
    """

    calls: int
    unit: str

    @property
    def name(self) -> str:
        """Its key in the stored clock; another number is another limit and begins anew."""
        return f"{self.calls}/{self.unit}"

    @property
    def label(self) -> str:
        """For people: “60 calls a minute”."""
        noun, article = ("call" if self.calls == 1 else "calls"), ("an" if self.unit == "hour" else "a")
        return f"{self.calls:,} {noun} {article} {self.unit}"

    @property
    def burst(self) -> int:
        """How many may start at once after a pause."""
        return max(1, self.calls // BURST)

    @property
    def spacing_s(self) -> float:
        """Seconds between two starts when there is no pause."""
        return UNITS[self.unit] / (self.calls - self.burst + 1) + ROUNDING_S

    @property
    def ahead_s(self) -> float:
        """How far the clock of this limit may be ahead of a start."""
        return (self.burst - 1) * self.spacing_s


@dataclass(frozen=True)
class Limits:
    """At most so many calls in any second, minute, hour, day, and at a time; None means no limit."""

    per_second: int | None = None
    per_minute: int | None = None
    per_hour: int | None = None
    per_day: int | None = None
    concurrency: int | None = None

    @property
    def rates(self) -> tuple[Rate, ...]:
        """Those that speak of time."""
        numbers = {unit: getattr(self, f"per_{unit}") for unit in UNITS}
        return tuple(Rate(number, unit) for unit, number in numbers.items() if number)


def reserve(
    due: Mapping[str, float], rates: Sequence[Rate], now: float, latest: float
) -> tuple[float, dict[str, float]]:
    """The earliest start that keeps every rate, and the clock after it.

    Args:
        due: the stored clock: by rate, when the next call would be due without a burst; seconds of the epoch.
        latest: a start after this is not taken.

    Raises:
        Parked: the start would be after `latest`; the clock stays as it is.
    """
    clock = {rate: _believable(due.get(rate.name, now), rate, now) for rate in rates}
    starts = {rate: clock[rate] - rate.ahead_s for rate in rates}
    last = max(rates, key=lambda rate: starts[rate])
    start = max(now, starts[last])
    if start > latest:
        raise Parked(datetime.fromtimestamp(start, UTC), f"The limit of {last.label} is used up.")
    return start, {rate.name: max(start, clock[rate]) + rate.spacing_s for rate in rates}


def _believable(due: float, rate: Rate, now: float) -> float:
    # Farther ahead than any start can bring it: the system's clock was wrong then or is now. Nobody shall
    # wait for that.
    return due if due <= now + LONGEST_SLEEP_S + rate.ahead_s + rate.spacing_s else now
