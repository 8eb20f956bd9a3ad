"""Reads a window from rollups: long spans as far as they go, shorter ones up to the newest minutes, these from the log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import or_
from typing import TypeVar

from django.db.models import Q

from integrations.functions import Epoch
from integrations.models import Call, LatencyRollup, RollupMark
from integrations.rollups import raw
from integrations.rollups.raw import Key
from integrations.rollups.tally import Row, Times

MINUTE, HOUR, THREE_HOURS, DAY = LatencyRollup.Span
MOST_UNSETTLED = 500_000  # keys; more than come in the two minutes that `writing` gives them to settle
COLUMNS = ("calls", "retries", "total_us", "max_ms", "codes", "slowest", "buckets")

Group = TypeVar("Group", bound=Hashable)
Merged = TypeVar("Merged", bound=Times)
Part = tuple[Key, Row]


@dataclass(frozen=True)
class Of:
    """Whose calls: of all services, of one, or of one of its operations."""

    service: int | None = None
    operation: str = ""
    by_operation: bool = False

    @property
    def wanted(self) -> Q:
        """Among rollups."""
        whose = Q() if self.service is None else Q(service=self.service)
        return whose & (~Q(operation="") if self.by_operation else Q(operation=self.operation))

    @property
    def among_calls(self) -> Q:
        """The same among calls."""
        whose = Q() if self.service is None else Q(service=self.service)
        return whose & (Q(operation=self.operation) if self.operation else Q())


def parts(since: datetime, until: datetime, span: int, of: Of) -> list[Part]:
    """What was summed up of a window, by spans of at most that length; its ends are the ends of such spans."""
    at = RollupMark.objects.first()
    closed = at.closed_until if at else since
    rolled = _rolled(since, min(until, closed), span, of) if since < closed else []
    return [*rolled, *_newest(max(since, closed), until, of)]


def grouped(found: Iterable[Part], group: Callable[[Key], Group], kind: type[Merged]) -> dict[Group, Merged]:
    """Merged by whatever is made of the key."""
    groups: dict[Group, list[Row]] = defaultdict(list)
    for key, columns in found:
        groups[group(key)].append(columns)
    return {name: kind.of(rows) for name, rows in groups.items()}


def _cover(since: datetime, until: datetime, longest: int) -> Iterator[tuple[int, datetime, datetime]]:
    """The fewest spans that are exactly this time: short ones up to where longer ones begin, and again at its end."""
    spans = sorted((each for each in LatencyRollup.Span if each <= longest), reverse=True)
    while since < until:
        fitting = [each for each in spans if raw.start_of(each, since) == since and raw.start_of(each, until) > since]
        if not fitting:
            return  # less than a minute
        length, end = fitting[0], raw.start_of(fitting[0], until)
        for longer in spans[: spans.index(length)]:
            following = raw.start_of(longer, since) + timedelta(seconds=longer)
            if raw.start_of(longer, until) > following:
                end = min(end, following)
        yield length, since, end
        since = end


def _rolled(since: datetime, until: datetime, span: int, of: Of) -> list[Part]:
    """Indexes: one_rollup_per_span, rollup_of_service."""
    places = [Q(span=length, start__gte=begin, start__lt=end) for length, begin, end in _cover(since, until, span)]
    if not places:
        return []
    rows = LatencyRollup.objects.filter(reduce(or_, places), of.wanted).order_by()
    # A page reads thousands, and stamps slowly: psycopg makes these in Python, and numbers in C.
    found = rows.values_list(Epoch("start"), "service_id", "operation", "outcome", *COLUMNS)
    return [
        (
            Key(datetime.fromtimestamp(start, tz=UTC), service, operation, outcome),
            dict(zip(COLUMNS, columns, strict=True)),
        )
        for start, service, operation, outcome, *columns in found
    ]


def _newest(since: datetime, until: datetime, of: Of) -> list[Part]:
    """What no rollup holds yet: a few minutes. Indexes: call_newest, call_newest_of_service."""
    if since >= until:
        return []
    calls = Call.objects.filter(of.among_calls, started_at__gte=since, started_at__lt=until)
    found = raw.tallies(calls, MINUTE)
    if not (of.by_operation or of.operation):
        found = raw.together(found.items())
    return [(key, tally.columns()) for key, tally in found.items()]


def backlog() -> int:
    """About how many calls wait to be rolled up, beyond those of the newest minutes."""
    at, newest = RollupMark.objects.first(), Call.objects.order_by("-pk").values_list("pk", flat=True).first()
    if newest is None or at is None:
        return newest or 0
    waiting = newest - at.through_id
    return waiting if waiting > MOST_UNSETTLED else max(newest - max(at.through_id, at.seen_id), 0)
