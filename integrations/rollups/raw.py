"""The same sums from the call log itself, as the database makes them: of closed spans to be kept, of the newest to be read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db.models import Case, Count, F, FloatField, IntegerField, Max, Q, QuerySet, Sum, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Floor

from integrations.functions import Bucket, Epoch, Microseconds
from integrations.models import Call
from integrations.models.call import FROM_CACHE, TRIED
from integrations.rollups.tally import MOST_SLOWEST, Tally
from integrations.transport.codes import Code

CACHED = "cached"  # beside the outcomes of what was asked of the service
CLASS = Case(When(FROM_CACHE, then=Value(CACHED)), default=F("outcome"))
COUNTED = ~TRIED


class Key(NamedTuple):
    """Whose calls, of which span."""

    start: datetime
    service: int
    operation: str
    outcome: str


def start_of(span: int, moment: datetime) -> datetime:
    """When the span began that a moment is in."""
    return at(int(moment.timestamp()) // span, span)


def at(number: int, span: int) -> datetime:
    """When the span of that number began; they are counted since 1970."""
    return datetime.fromtimestamp(number * span, tz=UTC)


def number_of(span: int) -> Combinable:
    """The number of the span that a call was started in."""
    return Floor(Epoch("started_at") / Value(span, output_field=FloatField()), output_field=IntegerField())


def tallies(calls: QuerySet[Call], span: int) -> dict[Key, Tally]:
    """By span, service, operation and class; index: that of the calls."""
    counted = (
        calls.filter(COUNTED).order_by().annotate(span_number=number_of(span), kind=CLASS, place=Bucket("duration_ms"))
    )
    rows = counted.values_list("span_number", "service_id", "operation", "kind", "code", "place").annotate(
        calls=Count("pk"),
        retries=Count("pk", Q(attempt__gt=1)),
        total_us=Sum(Microseconds("duration_ms")),
        max_ms=Max("duration_ms"),
        newest=Max("pk"),
    )
    found: dict[Key, Tally] = defaultdict(Tally)
    for number, service, operation, kind, *rest in rows.iterator(chunk_size=5000):
        _count(found[Key(at(number, span), service, operation, kind)], rest)
    for tally in found.values():
        tally.slowest = sorted(tally.slowest, reverse=True)[:MOST_SLOWEST]
    return found


def _count(tally: Tally, row: list[Any]) -> None:
    code, bucket, calls, retries, total_us, max_ms, key = row
    tally.calls += calls
    tally.retries += retries
    tally.total_us += int(total_us)
    tally.max_ms = max(tally.max_ms, max_ms)
    tally.buckets[bucket] += calls
    if code != Code.OK:
        tally.codes[code] += calls
    # One of each bucket stands for those that took as long.
    tally.slowest.append((max_ms, key))


def together(found: Iterable[tuple[Key, Tally]]) -> dict[Key, Tally]:
    """The same of all operations of a service, whose name is empty."""
    totals: dict[Key, Tally] = defaultdict(Tally)
    for key, tally in found:
        totals[key._replace(operation="")].add(tally)
    return totals


def counts(calls: QuerySet[Call], span: int) -> dict[tuple[int, datetime], int]:
    """How many calls a service has in each span."""
    numbered = calls.filter(COUNTED).order_by().annotate(span_number=number_of(span))
    rows: Any = numbered.values_list("service_id", "span_number").annotate(calls=Count("pk"))
    return {(service, at(number, span)): count for service, number, count in rows}
