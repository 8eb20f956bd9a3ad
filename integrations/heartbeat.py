"""The sign of life of the queue's workers: asking for it, reading it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from integrations import leases, ops, queue
from integrations.models import WorkerHeartbeat

ASK_AFTER = timedelta(seconds=15)


def note_start(restart: bool) -> None:
    """Workers were started; counted where others of this supervisor had died before."""
    row = {"supervisor": leases.owner(), "started_at": timezone.now()}
    WorkerHeartbeat.objects.update_or_create(
        name=leases.QUEUE_NAME, defaults={**row, "restarts": F("restarts") + int(restart)}, create_defaults=row
    )


def ask_if_silent() -> None:
    """Put a tick into the queue when no task has run for a while.

    Never a second one while something waits in the queue: whoever takes that gives the sign too.
    """
    now = timezone.now()
    long_ago = now - ASK_AFTER
    silent = WorkerHeartbeat.objects.filter(
        Q(beat_at=None) | Q(beat_at__lt=long_ago), Q(asked_at=None) | Q(asked_at__lt=long_ago), name=leases.QUEUE_NAME
    )
    if not silent.exists() or queue.waiting(1):
        return
    with transaction.atomic():
        # Conditional, so that of two supervisors one asks.
        if silent.update(asked_at=now):
            ops.ask_for_beat()


def last() -> datetime | None:
    """When a worker last gave a sign of life."""
    return WorkerHeartbeat.objects.filter(name=leases.QUEUE_NAME).values_list("beat_at", flat=True).first()
