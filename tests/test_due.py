"""What time brings."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import DjangoAssertNumQueries

from integrations import due, leases, ops
from integrations.models import (
    HealthCheck,
    Incident,
    Job,
    Service,
    ServiceState,
    Stream,
    SyncRun,
    WebhookEvent,
    WorkerHeartbeat,
)
from tests.worker import expire, make_due, queued

PAST = timedelta(minutes=2)


@pytest.fixture(autouse=True)
def _worker(db: None) -> None:
    """Has started once, as the supervisor writes before its first look."""
    leases.beat()


@pytest.fixture
def stream(cms: Service) -> Stream:
    """Its service is checked only when asked."""
    Service.objects.update(check_every_minutes=0)
    return cms.streams.select_related("service").get()


@pytest.fixture
def run(stream: Stream) -> SyncRun:
    """Waits, and nobody has ever rung for it."""
    return SyncRun.objects.create(stream=stream, trigger=SyncRun.Trigger.STAFF)


def set_schedule(stream: Stream, schedule: str = "0 * * * *") -> None:
    stream.schedule = schedule
    stream.save()
    Stream.objects.filter(pk=stream.pk).update(next_run_at=timezone.now() - PAST)


def test_an_idle_look_is_one_query(cms: Service, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    ServiceState.objects.update(next_check_at=timezone.now() + PAST)
    with django_assert_num_queries(1):
        due.start()
    for number in range(20):
        Service.objects.create(slug=f"more-{number}", name="More", system="cms", base_url=cms.base_url)
    ServiceState.objects.update(next_check_at=timezone.now() + PAST)
    with django_assert_num_queries(1):
        due.start()


def test_before_any_worker_has_started_what_is_due_is_found_too(run: SyncRun) -> None:
    WorkerHeartbeat.objects.all().delete()
    due.start()
    assert OrmQ.objects.count() == 1


def test_a_row_that_nobody_rang_for_is_rung_once(run: SyncRun) -> None:
    due.start()
    assert queued() == [("integrations.tasks.run_sync", (str(run.pk),))]
    due.start()
    assert OrmQ.objects.count() == 1
    run.refresh_from_db()
    assert run.enqueued_at


def test_a_row_whose_bell_was_lost_is_rung_again_after_a_minute(run: SyncRun) -> None:
    SyncRun.objects.update(enqueued_at=timezone.now() - due.RING_AGAIN_AFTER + timedelta(seconds=30))
    due.start()
    assert not OrmQ.objects.exists()
    SyncRun.objects.update(enqueued_at=timezone.now() - due.RING_AGAIN_AFTER)
    due.start()
    assert OrmQ.objects.count() == 1


@pytest.mark.parametrize("state", SyncRun.WAITING)
def test_a_waiting_row_is_rung_when_it_is_due_and_not_before(run: SyncRun, state: str) -> None:
    SyncRun.objects.update(state=state, due_at=timezone.now() + PAST)
    due.start()
    assert not OrmQ.objects.exists()
    make_due(run)
    due.start()
    assert OrmQ.objects.count() == 1


@pytest.mark.parametrize("state", sorted(set(SyncRun.State.values) - set(SyncRun.WAITING)))
def test_no_other_state_is_rung_for(run: SyncRun, state: str) -> None:
    SyncRun.objects.update(state=state)
    due.start()
    assert not OrmQ.objects.exists()


def test_the_run_of_a_dead_worker_is_freed_counted_and_rung(run: SyncRun) -> None:
    leases.claim(SyncRun, run.pk)
    due.start()
    assert not OrmQ.objects.exists(), "its lease still holds"
    expire(run)
    due.start()
    run.refresh_from_db()
    assert (run.state, run.lost, OrmQ.objects.count()) == ("queued", 1, 1)


def an_event(service: Service) -> Job:
    return WebhookEvent.objects.create(service=service, delivery_id="1", body=b"{}")


def a_run(service: Service) -> Job:
    return SyncRun.objects.create(stream=service.streams.get(), trigger=SyncRun.Trigger.STAFF)


def a_check(service: Service) -> Job:
    return HealthCheck.objects.create(service=service, trigger=HealthCheck.Trigger.STAFF)


@pytest.mark.parametrize(("make", "end"), [(a_run, "failed"), (an_event, "dead"), (a_check, "failed")])
def test_a_row_is_given_up_after_five_deaths(stream: Stream, make: Callable[[Service], Job], end: str) -> None:
    job = make(stream.service)
    for _ in range(due.MOST_DEATHS):
        assert leases.claim(type(job), job.pk)
        expire(job)
        due.start()
    job.refresh_from_db()
    assert (job.state, job.failure_code) == (end, "worker_died")
    due.start()
    if not isinstance(job, HealthCheck):
        assert Incident.objects.get().count == 1
    if isinstance(job, SyncRun):
        assert [event.kind for event in job.events.all()] == ["lost"] * (due.MOST_DEATHS - 1) + ["ended"]


def test_whoever_sees_a_death_second_reports_nothing(run: SyncRun, monkeypatch: pytest.MonkeyPatch) -> None:
    leases.claim(SyncRun, run.pk)
    expire(run)
    free = leases.free

    def free_by_another_first(job: Job, *args: Any, **counters: Any) -> str:
        free(job, *args, **counters)
        return free(job, *args, **counters)

    monkeypatch.setattr(leases, "free", free_by_another_first)
    due.start()
    run.refresh_from_db()
    assert (run.state, run.lost) == ("queued", 1)
    assert not Incident.objects.exists()
    assert not run.events.exists()


def test_a_schedule_begins_one_run_and_moves_on(stream: Stream) -> None:
    set_schedule(stream)
    due.start()
    run = SyncRun.objects.get()
    assert (run.trigger, run.actor) == (SyncRun.Trigger.SCHEDULE, None)
    stream.refresh_from_db()
    assert stream.next_run_at
    assert timezone.now() < stream.next_run_at <= timezone.now() + timedelta(hours=1)
    due.start()
    assert SyncRun.objects.count() == OrmQ.objects.count() == 1


def test_a_schedule_that_comes_while_a_run_is_under_way_is_left_out(stream: Stream) -> None:
    set_schedule(stream)
    ops.sync(stream, SyncRun.Trigger.STAFF)
    due.start()
    assert SyncRun.objects.count() == 1
    stream.refresh_from_db()
    assert stream.next_run_at
    assert stream.next_run_at > timezone.now()


@pytest.mark.parametrize("off", ["stream", "service"])
def test_a_schedule_of_what_is_off_begins_nothing(stream: Stream, off: str) -> None:
    set_schedule(stream)
    if off == "stream":
        Stream.objects.update(enabled=False)
    else:
        Service.objects.update(enabled=False)
    due.start()
    assert not SyncRun.objects.exists()


def test_without_a_schedule_there_is_no_next_run(stream: Stream) -> None:
    stream.save()
    assert stream.next_run_at is None
    due.start()
    assert not SyncRun.objects.exists()


def test_a_check_begins_when_it_is_due_and_not_again_before_its_time(cms: Service) -> None:
    due.start()
    check = HealthCheck.objects.get()
    assert check.trigger == HealthCheck.Trigger.SCHEDULE
    HealthCheck.objects.update(state="succeeded")
    due.start()
    assert HealthCheck.objects.count() == 1
    next_check = ServiceState.objects.get().next_check_at
    assert timedelta(minutes=4) < next_check - timezone.now() <= timedelta(minutes=5)
    ServiceState.objects.update(next_check_at=timezone.now() - PAST)
    due.start()
    assert HealthCheck.objects.count() == 2


@pytest.mark.parametrize("values", [{"check_every_minutes": 0}, {"enabled": False}])
def test_no_check_of_a_service_that_is_off_or_checked_only_when_asked(cms: Service, values: dict[str, Any]) -> None:
    Service.objects.update(**values)
    due.start()
    assert not HealthCheck.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_lookers_at_once_one_begins(stream: Stream) -> None:
    start = Barrier(2, timeout=60)

    def look(_: int) -> None:
        try:
            start.wait()
            due.start()
        finally:
            connection.close()

    for number in range(1, 6):
        set_schedule(stream)
        Service.objects.update(check_every_minutes=5)
        ServiceState.objects.update(next_check_at=timezone.now() - PAST)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(look, range(2)))
        assert (SyncRun.objects.count(), HealthCheck.objects.count()) == (number, number)
        # Ended at once, so that only the schedule and not the rule of one run at a time stops a second.
        SyncRun.objects.update(state="succeeded")
        HealthCheck.objects.update(state="succeeded")
