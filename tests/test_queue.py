"""The queue runs our tasks and nothing else, and holds one schedule."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.models import OrmQ, Schedule
from django_q.signing import SignedPackage
from django_q.tasks import async_task

from integrations import ops, queue


class Vanished:
    """A class whose module a deployment takes away."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (_fail_to_load, ())


def _fail_to_load() -> None:
    raise ModuleNotFoundError("No module named 'vanished'")


@pytest.fixture
def broker(db: None) -> Iterator[queue.Broker]:
    found = get_broker()
    assert isinstance(found, queue.Broker)
    yield found
    assert not OrmQ.objects.exists(), "what was dropped is gone, what was taken is acknowledged"


def put(payload: str) -> None:
    OrmQ.objects.create(key=Conf.PREFIX, payload=payload, lock=timezone.now())


def signed(func: Any) -> str:
    return str(SignedPackage.dumps({"id": "1", "name": "1", "func": func, "args": (), "kwargs": {}}))


@pytest.mark.parametrize("func", ["os.mkdir", "integrations.tasks.run_sync.__globals__", "", None, os.mkdir, ["a"], {}])
def test_a_task_that_is_not_ours_is_dropped(broker: queue.Broker, func: Any) -> None:
    put(signed(func))
    assert broker.dequeue() == []


def test_a_foreign_task_that_was_asked_for_in_the_packages_own_way_is_dropped(broker: queue.Broker) -> None:
    async_task("os.mkdir", "/nowhere")
    assert broker.dequeue() == []


PAYLOADS = {
    "no signature": "junk",
    "nothing": "",
    "another signature": f"{pickle.dumps({}).hex()}:1abcde:signature",
    "no dictionary": SignedPackage.dumps(["integrations.tasks.tick"]),
    "no function": SignedPackage.dumps({"args": ()}),
    "a class that is gone": SignedPackage.dumps({"func": queue.TICK, "args": (Vanished(),)}),
}


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS.keys())
def test_what_cannot_be_read_is_dropped(broker: queue.Broker, payload: str, caplog: pytest.LogCaptureFixture) -> None:
    put(payload)
    assert broker.dequeue() == []
    assert "not on the allow-list" in caplog.text


def test_our_task_behind_a_foreign_one_is_still_delivered(broker: queue.Broker) -> None:
    put(signed("os.mkdir"))
    ops.ask_for_beat()
    ((pk, payload),) = broker.dequeue() or []
    assert SignedPackage.loads(payload)["func"] == queue.TICK
    broker.acknowledge(pk)


def test_every_allowed_function_is_one_that_ops_rings_for() -> None:
    assert {*ops.TASKS.values(), queue.TICK, queue.LOG_OUT} == queue.ALLOWED


def test_an_empty_queue_brings_nothing(broker: queue.Broker) -> None:
    assert broker.dequeue() is None


def the_only_schedule() -> Schedule:
    schedule = Schedule.objects.get()
    assert (schedule.func, schedule.schedule_type, schedule.minutes) == (queue.TICK, Schedule.MINUTES, 1)
    assert schedule.repeats == -1
    assert not schedule.args
    assert schedule.next_run <= timezone.now()
    return schedule


@pytest.mark.django_db
def test_after_migrate_there_is_one_schedule() -> None:
    the_only_schedule()


SPOILT: list[dict[str, Any]] = [
    {"func": "os.mkdir", "args": "'/nowhere'"},
    {"func": queue.TICK},
    {"func": queue.TICK, "schedule_type": Schedule.ONCE, "repeats": 0},
    {"func": queue.TICK, "args": "(not python"},
]


@pytest.mark.django_db
@pytest.mark.parametrize("added", SPOILT)
@pytest.mark.parametrize("first_gone", [False, True])
def test_after_the_next_migrate_there_is_one_again(added: dict[str, Any], first_gone: bool) -> None:
    if first_gone:
        Schedule.objects.all().delete()
    Schedule.objects.create(next_run=timezone.now(), **added)
    call_command("migrate", verbosity=0)
    the_only_schedule()
