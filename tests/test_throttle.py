"""Limits that processes share: the clock and the places of a service."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from integrations import throttle
from integrations.models import CallSlot, LimitClock, Service
from integrations.transport.errors import Parked
from integrations.transport.limits import Limits, Rate
from integrations.transport.waiting import Patience
from tests.calling import at_once
from tests.flows.processes import seconds_until

MINUTE = timedelta(minutes=1)
RATES = Limits(per_second=5).rates


def impatient() -> Patience:
    patience = Patience()
    patience.latest = datetime.now(UTC)
    return patience


@pytest.mark.django_db(transaction=True)
def test_callers_at_once_start_one_after_the_other(cms: Service) -> None:
    def start() -> datetime:
        patience = Patience()
        throttle.await_turn(cms, RATES, patience)
        return timezone.now()

    began = timezone.now()
    started = sorted(at_once(6, start))
    assert all(at - began >= timedelta(seconds=0.2) * number for number, at in enumerate(started))
    assert LimitClock.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_turn_that_is_too_far_away_is_not_taken(cms: Service) -> None:
    throttle.await_turn(cms, RATES, Patience())
    clock = LimitClock.objects.get().due
    with pytest.raises(Parked, match="The limit of 5 calls a second is used up"):
        throttle.await_turn(cms, RATES, impatient())
    assert LimitClock.objects.get().due == clock


@pytest.mark.django_db(transaction=True)
def test_nobody_holds_the_lock_while_waiting(cms: Service) -> None:
    slow = (Rate(12, "minute"),)
    throttle.await_turn(cms, slow, Patience())
    before = LimitClock.objects.get().due
    with ThreadPoolExecutor() as pool:
        waits = pool.submit(at_once, 1, lambda: throttle.await_turn(cms, slow, Patience()))
        seconds_until(lambda: LimitClock.objects.get().due != before, 5, "the turn is taken", every=0.01)
        with pytest.raises(Parked):
            throttle.await_turn(cms, slow, impatient())
        assert not waits.done()


def take(service: Service, most: int, span: timedelta = MINUTE) -> uuid.UUID:
    return throttle.take_place(service, most, span, impatient())


@pytest.mark.django_db(transaction=True)
def test_no_more_places_are_given_than_there_are(cms: Service) -> None:
    def come() -> bool:
        try:
            throttle.take_place(cms, 3, MINUTE, impatient())
        except Parked:
            return False
        return True

    # Two may reach for the same free place, and the one without patience leaves without any.
    given = sum(got for _ in range(4) for got in at_once(8, come))
    assert given == 3
    assert sorted(CallSlot.objects.values_list("number", flat=True)) == [1, 2, 3]
    CallSlot.objects.update(until=timezone.now())
    assert sum(at_once(8, come)) == 3


def test_whoever_finds_none_is_parked_and_told_how_many_there_are(cms: Service) -> None:
    take(cms, 1)
    with pytest.raises(Parked, match="The one place for calls at a time stayed taken"):
        take(cms, 1)
    take(cms, 2)
    with pytest.raises(Parked, match="The 2 places for calls at a time stayed taken"):
        take(cms, 2)


def test_a_place_that_is_left_is_free_at_once(cms: Service) -> None:
    throttle.leave_place(cms, take(cms, 1))
    take(cms, 1)
    assert CallSlot.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_whoever_waits_gets_the_place_that_becomes_free(cms: Service) -> None:
    def call() -> float:
        patience = Patience()
        holder = throttle.take_place(cms, 1, MINUTE, patience)
        assert CallSlot.objects.filter(until__gt=timezone.now()).count() == 1
        throttle.leave_place(cms, holder)
        return patience.waited_ms

    assert len(at_once(5, call)) == 5
    assert not CallSlot.objects.filter(until__gt=timezone.now()).exists()


def test_the_place_of_a_killed_worker_comes_back_and_is_not_left_twice(cms: Service) -> None:
    dead = take(cms, 1, timedelta(seconds=-1))
    living = take(cms, 1)
    throttle.leave_place(cms, dead)
    assert CallSlot.objects.get().holder == living
    with pytest.raises(Parked):
        take(cms, 1)


def test_fewer_places_than_before_are_given_out_fewer_at_a_time(cms: Service) -> None:
    holders = [take(cms, 3) for _ in range(3)]
    throttle.leave_place(cms, holders[2])
    with pytest.raises(Parked):
        take(cms, 2)
    throttle.leave_place(cms, holders[0])
    take(cms, 2)


def test_services_have_places_of_their_own(cms: Service, github: Service) -> None:
    take(cms, 1)
    take(github, 1)
