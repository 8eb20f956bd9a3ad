"""A worker inside the test: takes from the real queue through the real broker."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from integrations.models import Job, ServiceState

MOST_TASKS = 1000


def queued() -> list[tuple[str, tuple[Any, ...]]]:
    """Function and arguments of every task in the queue, oldest first."""
    tasks = [SignedPackage.loads(row.payload) for row in OrmQ.objects.order_by("pk")]
    return [(task["func"], tuple(task["args"])) for task in tasks]


def run_next() -> bool:
    """Run the first task of the queue, if there is one; a task that kills its worker is not run again."""
    broker = get_broker()
    first, *others = broker.dequeue() or [None]
    OrmQ.objects.filter(pk__in=[pk for pk, _ in others]).update(lock=F("lock") - 2 * timedelta(seconds=Conf.RETRY))
    if first is None:
        return False
    broker.acknowledge(first[0])
    task = SignedPackage.loads(first[1])
    import_string(task["func"])(*task["args"])
    return True


def work_off() -> int:
    """Run tasks, and those that they ring for, until the queue is empty; how many there were."""
    done = 0
    while OrmQ.objects.exists():
        done += run_next()
        assert done < MOST_TASKS, "the queue does not come to an end"
    return done


def expire(job: Job) -> None:
    """As if the worker of this row had died a while ago."""
    rows = type(job)._default_manager.filter(pk=job.pk)
    assert rows.update(lease_until=timezone.now() - timedelta(seconds=1)), f"{job!r} is gone"


def make_due(job: Job) -> None:
    """As if the time the row waits for had come, and with it the end of any pause a service asked for."""
    past = timezone.now() - timedelta(seconds=1)
    rows = type(job)._default_manager.filter(pk=job.pk)
    assert rows.update(due_at=past), f"{job!r} is gone"
    ServiceState.objects.exclude(limited_until=None).update(limited_until=past)
