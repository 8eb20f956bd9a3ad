"""Spans of time that figures are asked for: the last hour to the last 90 days, or from one moment to another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from django.utils import timezone

from integrations import ranges
from integrations.rollups.raw import start_of
from integrations.rollups.writing import DAY, HOUR, KEPT, MINUTE, THREE_HOURS

DEFAULT = "24h"
LAST = {
    "1h": ("1 hour", timedelta(hours=1)),
    "24h": ("24 hours", timedelta(hours=24)),
    "7d": ("7 days", timedelta(days=7)),
    "30d": ("30 days", timedelta(days=30)),
    "90d": ("90 days", timedelta(days=90)),
}
# The longest windows of which each minute, hour or three hours are a point: at most about 200 points. What a chart costs
# are its points, each merged of all services and outcomes.
STEPS = {MINUTE: timedelta(hours=3), HOUR: timedelta(days=2), THREE_HOURS: timedelta(days=8)}
LONGEST = timedelta(days=3650)


@dataclass(frozen=True)
class Window:
    """From the beginning of one step to the end of another.

    Attributes:
        name: of one that ends now; empty of one that was typed.
        step: seconds of one point of a chart.
    """

    name: str
    label: str
    since: datetime
    until: datetime
    step: int

    @classmethod
    def last(cls, name: str) -> Self:
        """One that ends now; of a name that does not exist, a day."""
        label, span = LAST.get(name) or LAST[DEFAULT]
        now = timezone.now()
        step = _step(now - span, now)
        # Until the end of this minute: to be complete, whatever the clocks of the workers say.
        until = start_of(MINUTE, now) + timedelta(seconds=MINUTE)
        return cls(name if name in LAST else DEFAULT, label, start_of(step, now - span), until, step)

    @classmethod
    def between(cls, first: str, last: str) -> Self:
        """One that was typed, widened to whole steps.

        Raises:
            ValueError: no moments, or in the wrong order, or too far apart.
        """
        now = timezone.now()
        since = ranges.moment(first)
        until = min(ranges.moment(last, last=True), now) if last else now
        if not timedelta() < until - since <= LONGEST:
            raise ValueError("The end must come after the beginning.")
        step = _step(since, until)
        end = start_of(step, until - timedelta(microseconds=1)) + timedelta(seconds=step)
        label = f"{timezone.localtime(since):%d %b %Y %H:%M} to {timezone.localtime(until):%d %b %Y %H:%M}"
        return cls("", label, start_of(step, since), end, step)

    @classmethod
    def asked(cls, query: Mapping[str, str]) -> Self:
        """By the words of an address.

        Raises:
            ValueError: as `between`.
        """
        if first := query.get("from", ""):
            return cls.between(first, query.get("to", ""))
        return cls.last(query.get("window", DEFAULT))

    @property
    def before(self) -> Window:
        """As long a time, up to the beginning of this one; in whole steps."""
        steps = -(-(self.until - self.since) // timedelta(seconds=self.step))
        since = self.since - steps * timedelta(seconds=self.step)
        return Window("", f"the {self.label} before", since, self.since, self.step)

    @property
    def days(self) -> tuple[datetime, datetime]:
        """From its first midnight to its last."""
        day_before = start_of(DAY, self.since - timedelta(microseconds=1))
        return day_before + timedelta(days=1), start_of(DAY, self.until)

    @property
    def minutes(self) -> float:
        """How long it is, as far as it has passed."""
        return (min(self.until, timezone.now()) - self.since) / timedelta(minutes=1)

    def points(self) -> list[datetime]:
        """The beginning of each step, whether or not there were calls."""
        step = timedelta(seconds=self.step)
        return [self.since + number * step for number in range(-(-(self.until - self.since) // step))]


def _step(since: datetime, until: datetime) -> int:
    age, length = timezone.now() - since, until - since
    return next((step for step, longest in STEPS.items() if length <= longest and age < KEPT[step]), DAY)
