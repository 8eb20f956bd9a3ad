"""How webhook events come in and what waits; each figure with the index it uses."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count
from django.db.models.functions import TruncHour
from django.utils import timezone

from integrations.models import WebhookEvent

HOURS = 24
AN_HOUR = timedelta(hours=1)
MOST_COUNTED = 1000  # of what waits, so that no page waits for a count
State = WebhookEvent.State
WAITING = (State.QUEUED, State.PARKED, State.HELD, State.DEAD)  # for a worker, for time, for somebody


@dataclass(frozen=True)
class Hour:
    """What came in one hour; `percent` is of the busiest one."""

    at: datetime
    events: int
    percent: int


def by_hour() -> list[Hour]:
    """The last day, oldest hour first. Index: event_newest."""
    newest = timezone.localtime().replace(minute=0, second=0, microsecond=0)
    hours = [newest - number * AN_HOUR for number in reversed(range(HOURS))]
    came = WebhookEvent.objects.filter(received_at__gte=hours[0]).order_by()
    rows = came.annotate(hour=TruncHour("received_at")).values_list("hour").annotate(number=Count("*"))
    counts = Counter(dict(rows))
    most = max(counts.values(), default=0)
    return [Hour(hour, counts[hour], counts[hour] * 100 // most if most else 0) for hour in hours]


def oldest_waiting() -> datetime | None:
    """Since when the event has waited for a worker that waits longest. Index: event_active."""
    waiting = WebhookEvent.objects.filter(state=State.QUEUED, due_at__lte=timezone.now())
    return waiting.order_by("due_at").values_list("due_at", flat=True).first()


def number_of(state: str, most: int = MOST_COUNTED) -> int:
    """Of the events in a state that waits for somebody or something, counted up to a number. Indexes: event_active, event_failing, event_held."""
    return len(WebhookEvent.objects.filter(state=state).order_by().values_list("pk")[:most])
