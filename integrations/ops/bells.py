"""The queue's bells: nothing else enqueues."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.signing import SignedPackage
from django_q.tasks import async_task

from integrations import queue
from integrations.models import (
    BulkOperation,
    CallRepeat,
    Derivation,
    Enrichment,
    Export,
    GeocodeBatch,
    HealthCheck,
    Job,
    MediaAttachment,
    Publication,
    SampleDelivery,
    SyncRun,
    Trial,
    WebhookEvent,
)

TASKS: dict[type[Job], str] = {
    SyncRun: "integrations.tasks.run_sync",
    WebhookEvent: "integrations.tasks.process_event",
    HealthCheck: "integrations.tasks.check_health",
    MediaAttachment: "integrations.tasks.validate_media",
    Derivation: "integrations.tasks.derive_media",
    CallRepeat: "integrations.tasks.repeat_call",
    Publication: "integrations.tasks.publish_essay",
    GeocodeBatch: "integrations.tasks.geocode",
    Trial: "integrations.tasks.try_settings",
    Enrichment: "integrations.tasks.refresh_enrichment",
    BulkOperation: "integrations.tasks.work_off_bulk",
    SampleDelivery: "integrations.tasks.send_sample",
    Export: "integrations.tasks.make_export",
}


class Impossible(Exception):
    """The verb makes no sense now; the text says why and what to do instead.

    Attributes:
        row: what is in the way, for a link.
    """

    def __init__(self, reason: str, row: Job | None = None) -> None:
        super().__init__(reason)
        self.row = row


def ring(job: Job) -> None:
    """Put the row into the queue. A second bell for the same row is harmless."""
    with transaction.atomic():
        type(job)._default_manager.filter(pk=job.pk).update(enqueued_at=timezone.now())
        async_task(TASKS[type(job)], str(job.pk))


def bell_of(job: Job) -> OrmQ:
    """The bell of a row, not stored yet: for those who store both in one statement.

    Written here as `async_task` writes it, which takes three times as long; every delivery pays for it.
    """
    now, pk = timezone.now(), str(job.pk)
    task = {"id": uuid.uuid4().hex, "name": pk, "func": TASKS[type(job)], "args": (pk,), "kwargs": {}, "started": now}
    task["ack_failure"] = Conf.ACK_FAILURES
    return OrmQ(key=Conf.CLUSTER_NAME, payload=SignedPackage.dumps(task), lock=now)


def begin(job: Job) -> None:
    """Store a new row and ring for it, both or neither.

    Raises:
        IntegrityError: another one is under way, where there may be one alone; or what it belongs to is gone.
    """
    with transaction.atomic():
        job.save()
        ring(job)


def ask_for_beat() -> None:
    """Have a worker run the tick now, as proof of life."""
    async_task("integrations.tasks.tick")


def log_out(service_pk: int) -> None:
    """Have a worker end the session that the console no longer wants at this service. Asking twice is harmless."""
    async_task(queue.LOG_OUT, str(service_pk))


def by_name(actor: User | None) -> str:
    """Who did it, for a column."""
    return str(actor or "the command line")[:150]


def by(actor: User | None) -> str:
    """Who did it, for a log or a sentence."""
    return f"by {actor}" if actor else "on the command line"
