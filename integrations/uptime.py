"""How a service did over the last 90 days, a day at a time, by what its checks found."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from django.utils import timezone

from integrations.models import HealthDay, Service

DAYS = 90


@dataclass(frozen=True)
class Day:
    """One box of the strip."""

    day: date
    checks: int = 0
    failed: int = 0

    @property
    def tone(self) -> str:
        """Bad where a tenth of the checks failed or more, so that one lost packet does not look like an outage."""
        if not self.checks:
            return "none"
        if self.failed * 10 >= self.checks:
            return "bad"
        return "warn" if self.failed else "good"

    def __str__(self) -> str:
        if not self.checks:
            return f"{self.day:%d %b}: not checked"
        return f"{self.day:%d %b}: {self.failed:,} of {self.checks:,} checks failed"


@dataclass(frozen=True)
class Uptime:
    """The strip of one service, oldest day first."""

    days: Sequence[Day]

    @property
    def percent(self) -> float | None:
        """Of the checks that found it healthy, 0 to 100; None where there were none."""
        checks = sum(day.checks for day in self.days)
        return 100 * (1 - sum(day.failed for day in self.days) / checks) if checks else None

    @property
    def in_words(self) -> str:
        """As “99.9 %”, rounded down: where anything failed it is not 100."""
        return "" if self.percent is None else f"{math.floor(self.percent * 10) / 10:g} %"

    @property
    def stretches(self) -> list[tuple[int, int, str]]:
        """Days of the same tone together: the first one's number, how many, and the tone; for a small strip."""
        found, at = [], 0
        for tone, days in groupby(self.days, key=lambda day: day.tone):
            length = len(list(days))
            found.append((at, length, tone))
            at += length
        return found


def of(service: Service) -> Uptime:
    """One query. Index: one_health_a_day."""
    return _strip(HealthDay.objects.filter(service=service, day__gte=_first()))


def of_all() -> dict[int, Uptime]:
    """By service; those that were never checked are not among them. One query."""
    by_service: dict[int, list[HealthDay]] = defaultdict(list)
    for row in HealthDay.objects.filter(day__gte=_first()):
        by_service[row.service_id].append(row)
    return {service: _strip(rows) for service, rows in by_service.items()}


def _first() -> date:
    return timezone.localdate() - timedelta(days=DAYS - 1)


def _strip(rows: Iterable[HealthDay]) -> Uptime:
    known = {row.day: Day(row.day, row.checks, row.failed) for row in rows}
    days = [_first() + timedelta(days=number) for number in range(DAYS)]
    return Uptime([known.get(day, Day(day)) for day in days])
