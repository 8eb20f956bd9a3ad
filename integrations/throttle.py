"""The limits of a service, shared by all processes: its clock and its places."""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from integrations.models import CallSlot, LimitClock, Service
from integrations.transport.limits import Rate, reserve
from integrations.transport.waiting import Patience

LOOK_AGAIN_S = (0.05, 0.25)  # uneven, so that those who wait do not all look at once


def await_turn(service: Service, rates: Sequence[Rate], patience: Patience) -> None:
    """Take the next start that keeps every rate, then wait for it, holding no lock.

    Raises:
        Parked: it is too far away, and was not taken.
    """
    with transaction.atomic(durable=True):
        clock, _ = LimitClock.objects.select_for_update().get_or_create(service=service)
        # Read behind the lock, for which somebody may have waited.
        now = timezone.now().timestamp()
        start, clock.due = reserve(clock.due, rates, now, patience.latest.timestamp())
        clock.save(update_fields=["due"])
    patience.wait_until(datetime.fromtimestamp(start, UTC), "")


def take_place(service: Service, most: int, span: timedelta, patience: Patience) -> uuid.UUID:
    """Wait for one of the places for calls at a time; the holder to leave it with.

    Args:
        span: longer than any call may take; after it the place of a killed worker is free again.

    Raises:
        Parked: none became free.
    """
    holder = uuid.uuid4()
    while not _take(service, most, holder, span):
        pause = timedelta(seconds=random.uniform(*LOOK_AGAIN_S))  # noqa: S311 - spreads load, hides nothing
        noun = "one place" if most == 1 else f"{most:,} places"
        patience.wait_until(timezone.now() + pause, f"The {noun} for calls at a time stayed taken.")
    return holder


def _take(service: Service, most: int, holder: uuid.UUID, span: timedelta) -> bool:
    now = timezone.now()
    places = CallSlot.objects.filter(service=service, number__lte=most)
    for free in places.filter(until__lte=now).order_by("number").values_list("pk", flat=True)[:most]:
        if places.filter(pk=free, until__lte=now).update(holder=holder, until=now + span):
            return True
    # Places are made when they are first needed: numbers have no gaps.
    made = places.count()
    return made < most and _make(service, made + 1, holder, now + span)


def _make(service: Service, number: int, holder: uuid.UUID, until: datetime) -> bool:
    try:
        with transaction.atomic():
            CallSlot.objects.create(service=service, number=number, holder=holder, until=until)
    except IntegrityError:  # another one was faster
        return False
    return True


def leave_place(service: Service, holder: uuid.UUID) -> None:
    """Free the place; one that was taken over meanwhile stays with its new holder."""
    CallSlot.objects.filter(service=service, holder=holder).update(holder=None, until=timezone.now())
