"""The queue is only a bell: it may run our tasks and nothing else, and holds exactly one schedule."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ, Schedule
from django_q.signing import SignedPackage

logger = logging.getLogger(__name__)

TICK = "integrations.tasks.tick"
LOG_OUT = "integrations.tasks.log_out"
LATEST_NEXT_TICK = timedelta(minutes=2)
ALLOWED = frozenset(
    {
        TICK,
        "integrations.tasks.run_sync",
        "integrations.tasks.process_event",
        "integrations.tasks.check_health",
        "integrations.tasks.validate_media",
        "integrations.tasks.derive_media",
        LOG_OUT,
        "integrations.tasks.repeat_call",
        "integrations.tasks.publish_essay",
        "integrations.tasks.geocode",
        "integrations.tasks.try_settings",
        "integrations.tasks.refresh_enrichment",
        "integrations.tasks.work_off_bulk",
        "integrations.tasks.send_sample",
        "integrations.tasks.make_export",
    }
)


class Broker(ORM):  # type: ignore[misc]  # django-q2 has no types
    """The ORM broker, behind an allow-list.

    A queue row names any function by its dotted path. Whoever could write one could otherwise run
    anything, so what is not ours is dropped here, before a worker sees it.
    """

    def dequeue(self) -> list[tuple[int, str]] | None:
        """The next tasks, without those that nobody here asked for."""
        found = super().dequeue()
        return [task for task in found if self._is_ours(*task)] if found else None

    def _is_ours(self, pk: int, payload: str) -> bool:
        try:
            name = SignedPackage.loads(payload)["func"]
        except Exception:  # noqa: BLE001 - unpickling raises anything, and let through it would end the pusher for ever
            name = "an unreadable task"
        if isinstance(name, str) and name in ALLOWED:
            return True
        logger.error("dropped a queued task that is not on the allow-list: %s", name)
        self.delete(pk)
        return False


def waiting(at_most: int) -> int:
    """How many bells nobody has fetched yet, counted up to a number."""
    unfetched = OrmQ.objects.filter(key=Conf.CLUSTER_NAME, lock__lt=timezone.now())
    return len(unfetched.values_list("pk")[:at_most])


def oldest_fetched() -> int | None:
    """The oldest bell that a worker has taken and nobody has ticked off yet."""
    fetched = OrmQ.objects.filter(key=Conf.CLUSTER_NAME, lock__gt=timezone.now())
    pk: int | None = fetched.order_by("pk").values_list("pk", flat=True).first()
    return pk


def free_fetched() -> None:
    """Let the next worker have what a dead one had fetched; without this it would wait for `retry` seconds.

    Bells that another machine's workers hold are freed too: they ring twice, and a second ring finds
    nothing to claim.
    """
    now = timezone.now()
    OrmQ.objects.filter(key=Conf.CLUSTER_NAME, lock__gt=now).update(lock=now)


def ensure_tick(**_: Any) -> None:
    """Exactly one schedule, whatever was added or changed since: what is due is in our own tables."""
    now = timezone.now()
    each_minute = {"func": TICK, "schedule_type": Schedule.MINUTES, "minutes": 1, "repeats": -1}
    untouched = {**each_minute, "args": None, "kwargs": None, "next_run__lte": now + LATEST_NEXT_TICK}
    good = Schedule.objects.filter(**untouched).order_by("pk").first()
    Schedule.objects.exclude(pk=good.pk if good else None).delete()
    if good is None:
        Schedule.objects.create(name="tick", next_run=now, **each_minute)
