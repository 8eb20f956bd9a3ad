from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.checks import run_checks
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.signing import SignedPackage
from pytest_django import Settings

from integrations import due, ops, queue
from integrations.models import HealthCheck, Service
from integrations.ops.bells import bell_of

LONG_AGO = timezone.now() - timedelta(hours=1)


class Vanished:
    """Pickled by the last release, gone in this one."""


def put(payload: str, lock: timedelta = timedelta()) -> OrmQ:
    return OrmQ.objects.create(key=Conf.CLUSTER_NAME, payload=payload, lock=timezone.now() + lock)


def test_a_row_that_cannot_be_unpickled_is_dropped_and_the_next_is_taken(
    db: None, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(SignedPackage.dumps({"func": queue.TICK, "args": (Vanished(),)}))
    ops.ask_for_beat()
    monkeypatch.delattr(f"{__name__}.Vanished")
    taken = get_broker().dequeue()
    assert [SignedPackage.loads(payload)["func"] for _, payload in taken] == [queue.TICK]
    assert "an unreadable task" in caplog.text
    assert OrmQ.objects.count() == 1


def test_a_bell_that_is_stored_with_its_row_is_the_one_that_the_library_writes(cms: Service) -> None:
    check = HealthCheck.objects.create(service=cms, trigger="staff")
    ops.ring(check)
    rung, ours = OrmQ.objects.get(), bell_of(check)
    theirs, own = (SignedPackage.loads(each.payload) for each in (rung, ours))
    assert ours.key == rung.key
    assert {name: type(value) for name, value in own.items()} == {name: type(value) for name, value in theirs.items()}
    chance = {"id", "name", "started"}
    assert {k: v for k, v in own.items() if k not in chance} == {k: v for k, v in theirs.items() if k not in chance}
    assert len(own["id"]) == len(theirs["id"])


def test_what_a_dead_worker_had_fetched_can_be_fetched_again(db: None) -> None:
    ops.ask_for_beat()
    broker = get_broker()
    assert len(broker.dequeue()) == 1
    assert broker.dequeue() is None
    queue.free_fetched()
    assert len(broker.dequeue()) == 1


def test_a_bell_that_was_lost_rings_again(cms: Service) -> None:
    check = ops.check(cms, HealthCheck.Trigger.COMMAND)
    OrmQ.objects.all().delete()
    HealthCheck.objects.filter(pk=check.pk).update(enqueued_at=LONG_AGO)
    due.start()
    assert OrmQ.objects.count() == 1


def test_an_old_bell_does_not_ring_again_while_many_wait(cms: Service) -> None:
    check = ops.check(cms, HealthCheck.Trigger.COMMAND)
    HealthCheck.objects.filter(pk=check.pk).update(enqueued_at=LONG_AGO)
    for _ in range(due.AT_ONCE):
        put("a bell", -timedelta(seconds=1))
    due.start()
    assert OrmQ.objects.count() == 1 + due.AT_ONCE


@pytest.mark.parametrize("workers", [1, 2, 64])
def test_the_queue_is_safe_with_any_number_of_workers(settings: Settings, workers: int) -> None:
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "workers": workers}
    assert [problem for problem in run_checks() if (problem.id or "").startswith("integrations.E00")] == []
