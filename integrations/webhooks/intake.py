"""How many deliveries a minute a service may send: counted in its row, so that all web processes count together."""

from __future__ import annotations

import math
from datetime import timedelta

from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from integrations.models import Service, ServiceState

MINUTE_S = 60
REMEMBERED = timedelta(days=1)  # how long after the last one it is told that some were turned away


def wait_s(service: Service) -> int:
    """Seconds until one more may come; 0 where it may now, and is counted. Without a limit nothing is counted."""
    if service.deliveries_per_minute is None:
        return 0
    moment = timezone.now().timestamp()
    minute = int(moment // MINUTE_S)
    state = ServiceState.objects.filter(service=service.pk)
    has_room = ~Q(intake_minute=minute) | Q(intake_count__lt=service.deliveries_per_minute)
    count = Case(When(intake_minute=minute, then=F("intake_count") + 1), default=Value(1))
    if state.filter(has_room).update(intake_minute=minute, intake_count=count):
        return 0
    _note_turned_away(service)
    return max(1, math.ceil((minute + 1) * MINUTE_S - moment))


def _note_turned_away(service: Service) -> None:
    now = timezone.now()
    going_on = Q(turned_away_at__gt=now - REMEMBERED)
    ServiceState.objects.filter(service=service.pk).update(
        turned_away=Case(When(going_on, then=F("turned_away") + 1), default=Value(1)),
        turned_away_since=Case(When(going_on, then=F("turned_away_since")), default=Value(now)),
        turned_away_at=now,
    )


def turned_away(state: ServiceState) -> int:
    """How many were told to come again later, up to a day ago."""
    is_news = state.turned_away_at is not None and state.turned_away_at > timezone.now() - REMEMBERED
    return state.turned_away if is_news else 0
