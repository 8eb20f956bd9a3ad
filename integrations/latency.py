"""How fast and how well services answer in a window of time; read from rollups, so that no figure reads the whole log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TypeVar

from integrations.rollups import reading
from integrations.rollups.raw import CACHED, Key, start_of
from integrations.rollups.reading import Of, Part
from integrations.rollups.tally import Tally
from integrations.transport.codes import Outcome
from integrations.windows import Window

PERCENTS = (50, 75, 90, 95, 99)
NOT_ANSWERED = (CACHED, Outcome.NOT_SENT)  # by the service, which these tell nothing of
WORTH_SAYING = 0.1  # how much p95 must change, as a part of it
MOSTLY = 0.5
WORTH_DAYS = timedelta(days=2)

Member = TypeVar("Member", bound=Hashable)


@dataclass
class Traffic:
    """Calls by class of outcome; milliseconds are None where there were no calls."""

    by_class: dict[str, Tally] = field(default_factory=dict)

    @cached_property
    def sent(self) -> Tally:
        """All that the service was asked, however it ended."""
        return self._all_but(*NOT_ANSWERED)

    @cached_property
    def failed(self) -> Tally:
        """Of that, what was not OK."""
        return self._all_but(*NOT_ANSWERED, Outcome.OK)

    def _all_but(self, *outcomes: str) -> Tally:
        total = Tally()
        for outcome, tally in self.by_class.items():
            if outcome not in outcomes:
                total.add(tally)
        return total

    @cached_property
    def percentiles(self) -> dict[int, float]:
        """Of what was sent."""
        return self.sent.percentiles(*PERCENTS)

    def _count(self, outcome: str) -> int:
        return self.by_class[outcome].calls if outcome in self.by_class else 0

    @property
    def calls(self) -> int:
        """That were sent."""
        return self.sent.calls

    @property
    def errors(self) -> int:
        """Of those sent, what was not OK."""
        return self.sent.calls - self._count(Outcome.OK)

    @property
    def cached(self) -> int:
        """Answered from the cache."""
        return self._count(CACHED)

    @property
    def kept_back(self) -> int:
        """Not sent at all."""
        return self._count(Outcome.NOT_SENT)

    @property
    def error_percent(self) -> float:
        """0 to 100."""
        return _percent(self.errors, self.calls)

    @property
    def retry_percent(self) -> float:
        """How many of the calls were not the first attempt."""
        return _percent(self.sent.retries, self.calls)

    @property
    def cached_percent(self) -> float:
        """How many of the questions the cache answered."""
        return _percent(self.cached, self.cached + self.calls)

    @property
    def p50(self) -> float | None:
        """Half of the calls took at most this."""
        return self.percentiles.get(50)

    @property
    def p75(self) -> float | None:
        """Three quarters."""
        return self.percentiles.get(75)

    @property
    def p90(self) -> float | None:
        """Nine of ten."""
        return self.percentiles.get(90)

    @property
    def p95(self) -> float | None:
        """19 of 20."""
        return self.percentiles.get(95)

    @property
    def p99(self) -> float | None:
        """99 of 100."""
        return self.percentiles.get(99)

    @property
    def max_ms(self) -> float | None:
        """The slowest."""
        return self.sent.max_ms if self.calls else None

    def apdex(self, target_ms: int) -> float | None:
        """0 to 1: a call within the target satisfies, one within four times as long half; a failure never does."""
        if not self.calls:
            return None
        fine = self.by_class.get(Outcome.OK) or Tally()
        return (fine.within(target_ms) + fine.within(4 * target_ms)) / 2 / self.calls


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0


def is_sent(key: Key) -> bool:
    """Whether these calls tell of the service."""
    return key.outcome not in NOT_ANSWERED


def by(parts: Iterable[Part], member: Callable[[Key], Member]) -> dict[Member, Traffic]:
    """Traffic by what is made of the key, such as its service."""
    found: dict[Member, Traffic] = {}
    for (name, outcome), tally in reading.grouped(parts, lambda key: (member(key), key.outcome)).items():
        found.setdefault(name, Traffic()).by_class[outcome] = tally
    return found


def by_service(key: Key) -> int:
    """For `by`."""
    return key.service


def by_operation(key: Key) -> str:
    """For `by`."""
    return key.operation


def by_point(parts: Iterable[Part], window: Window) -> dict[datetime, Tally]:
    """What was sent, by the points of a window."""
    sent = (part for part in parts if is_sent(part[0]))
    return reading.grouped(sent, lambda key: start_of(window.step, key.start))


def parts(window: Window, of: Of) -> list[Part]:
    """What is known of a window, by its points."""
    return reading.parts(window.since, window.until, window.step, of)


def whole(window: Window, of: Of) -> list[Part]:
    """The same as quickly as may be, where no points are wanted."""
    return reading.parts(window.since, window.until, reading.DAY, of)


def both(window: Window, of: Of) -> tuple[list[Part], list[Part]]:
    """By its points, and whole: where its points are hours of many days, the days are far fewer rows."""
    by_points = parts(window, of)
    has_days = window.step < reading.DAY and window.until - window.since > WORTH_DAYS
    return by_points, whole(window, of) if has_days else by_points


def figures_of(service: int, window: Window) -> Traffic:
    """One service alone."""
    return by(whole(window, Of(service)), by_service).get(service, Traffic())


@dataclass(frozen=True)
class Point:
    """One point of a chart."""

    at: datetime
    p50: float
    p95: float


def overview(window: Window) -> tuple[dict[int, Traffic], dict[int, list[Point]]]:
    """Every service with calls in the window, and its percentiles over time."""
    by_points, together = both(window, Of())
    sent = (part for part in by_points if is_sent(part[0]))
    points: dict[int, list[Point]] = defaultdict(list)
    for (service, at), tally in sorted(
        reading.grouped(sent, lambda key: (key.service, start_of(window.step, key.start))).items()
    ):
        points[service].append(Point(at, *tally.percentiles(50, 95).values()))
    return by(together, by_service), points


@dataclass(frozen=True)
class Change:
    """How p95 compares with the window before.

    Attributes:
        mostly: the service or operation behind more than half of the change, where one is.
    """

    percent: float
    mostly: Hashable | None

    @property
    def is_worth_saying(self) -> bool:
        """Anything smaller is weather."""
        return abs(self.percent) >= WORTH_SAYING * 100


def change(now: Mapping[Member, Traffic], before: Mapping[Member, Traffic]) -> Change | None:
    """None where there were no calls in one of them."""
    here, there = (_together(traffic.values()) for traffic in (now, before))
    (p95,), (old,) = (tuple(tally.percentiles(95).values()) or (0.0,) for tally in (here, there))
    if not p95 or not old:
        return None
    # By how much more of all calls each of them is slower than p95 was before.
    slower = {
        member: _share_slower(now.get(member), here, old) - _share_slower(before.get(member), there, old)
        for member in {*now, *before}
    }
    direction = 1 if p95 > old else -1
    member, most = max(slower.items(), key=lambda pair: direction * pair[1])
    whole = sum(slower.values())
    is_most = len(slower) > 1 and whole * direction > 0 and most / whole > MOSTLY
    return Change(100 * (p95 / old - 1), member if is_most else None)


def _together(traffic: Iterable[Traffic]) -> Tally:
    total = Tally()
    for each in traffic:
        total.add(each.sent)
    return total


def _share_slower(traffic: Traffic | None, whole: Tally, ms: float) -> float:
    return (traffic.calls - traffic.sent.within(ms)) / whole.calls if traffic else 0.0
