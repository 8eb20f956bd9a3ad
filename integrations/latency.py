"""How fast and how well services answer in a window of time; read from rollups, so that no figure reads the whole log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TypeVar

from integrations.rollups import reading
from integrations.rollups.raw import CACHED, Key, start_of
from integrations.rollups.reading import Of, Part
from integrations.rollups.tally import Tally, Times
from integrations.transport.codes import Outcome
from integrations.windows import Window

PERCENTS = (50, 75, 90, 95, 99)
NOT_ANSWERED = (CACHED, Outcome.NOT_SENT)  # by the service, which these tell nothing of
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
    for (name, outcome), tally in reading.grouped(parts, lambda key: (member(key), key.outcome), Tally).items():
        found.setdefault(name, Traffic()).by_class[outcome] = tally
    return found


def together(found: Iterable[Traffic]) -> Traffic:
    """All of it."""
    total: dict[str, Tally] = defaultdict(Tally)
    for traffic in found:
        for outcome, tally in traffic.by_class.items():
            total[outcome].add(tally)
    return Traffic(total)


def by_service(key: Key) -> int:
    """For `by`."""
    return key.service


def by_operation(key: Key) -> str:
    """For `by`."""
    return key.operation


def by_point(parts: Iterable[Part], window: Window) -> dict[datetime, Times]:
    """What was sent, by the points of a window."""
    sent = (part for part in parts if is_sent(part[0]))
    return reading.grouped(sent, lambda key: start_of(window.step, key.start), Times)


def parts(window: Window, of: Of) -> list[Part]:
    """What is known of a window, by its points."""
    return reading.parts(window.since, window.until, window.step, of)


def whole(window: Window, of: Of) -> list[Part]:
    """The same as quickly as may be, where no points are wanted."""
    return reading.parts(window.since, window.until, reading.DAY, of)


def in_days(by_points: list[Part], window: Window, of: Of) -> list[Part]:
    """The same whole, once its points are read: where these are hours of many days, full days are far fewer rows."""
    if window.step >= reading.DAY or window.until - window.since <= WORTH_DAYS:
        return by_points
    since, until = window.days
    around = [part for part in by_points if not since <= part[0].start < until]
    return [*reading.parts(since, until, reading.DAY, of), *around]


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
    by_points = parts(window, Of())
    sent = (part for part in by_points if is_sent(part[0]))
    points: dict[int, list[Point]] = defaultdict(list)
    for (service, at), tally in sorted(
        reading.grouped(sent, lambda key: (key.service, start_of(window.step, key.start)), Times).items()
    ):
        points[service].append(Point(at, *tally.percentiles(50, 95).values()))
    return by(in_days(by_points, window, Of()), by_service), points
