"""Claim, renew, let go: how a worker owns a row, and how a dead worker's row is freed.

Every statement is one conditional UPDATE, so that it holds on any database and any number of workers.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from integrations.models import Job, WorkerHeartbeat

LEASE = timedelta(seconds=60)
QUEUE_NAME = "default"


class LostLease(Exception):
    """Somebody else owns the row now; whatever this worker still does must change nothing."""


def owner() -> str:
    """This process, for people."""
    return f"{socket.gethostname()}:{os.getpid()}"[:80]


def beat() -> None:
    """Tell the supervisor that workers are alive."""
    now = timezone.now()
    if not WorkerHeartbeat.objects.filter(name=QUEUE_NAME).update(beat_at=now):
        WorkerHeartbeat.objects.bulk_create([WorkerHeartbeat(name=QUEUE_NAME, beat_at=now)], ignore_conflicts=True)


@dataclass(frozen=True)
class Lease:
    """The right to work on one row, as long as its token is the newest."""

    model: type[Job]
    pk: Any
    token: int

    def write(self, **values: Any) -> None:
        """Change the row and keep it for another minute, in one statement.

        Raises:
            LostLease: a newer claim exists; nothing was written.
        """
        values.setdefault("lease_until", timezone.now() + LEASE)
        held = self.model._default_manager.filter(pk=self.pk, lease_token=self.token, state=self.model.State.RUNNING)
        if not held.update(**values):
            raise LostLease(f"{self.model.__name__} {self.pk} is no longer ours")

    def renew(self, *_: object) -> None:
        """Keep the row for another minute; takes and ignores a CallDetails, so that it can be a hook."""
        self.write()
        beat()

    def finish(self, state: str, **values: Any) -> None:
        """Leave a terminal state."""
        self.write(state=state, finished_at=timezone.now(), lease_until=None, **values)

    def wait(self, state: str, due_at: Any = None, **values: Any) -> None:
        """Let go until `due_at` (now by default): queued again, or parked."""
        self.write(state=state, due_at=due_at or timezone.now(), enqueued_at=None, lease_until=None, **values)


def claim(model: type[Job], pk: Any) -> Lease | None:
    """Take the row if it waits and is due; None if it does not, which makes a second delivery harmless."""
    beat()
    now = timezone.now()
    waiting = model._default_manager.filter(pk=pk, state__in=model.WAITING, due_at__lte=now)
    # One transaction: the token must be read before anybody else can free and claim the row.
    with transaction.atomic():
        taken = waiting.update(
            state=model.State.RUNNING,
            lease_token=F("lease_token") + 1,
            lease_owner=owner(),
            lease_until=now + LEASE,
            claims=F("claims") + 1,
            started_at=Coalesce("started_at", Value(now)),
        )
        if not taken:
            return None
        return Lease(model, pk, model._default_manager.values_list("lease_token", flat=True).get(pk=pk))


def expired() -> Q:
    """Rows whose worker died or hangs."""
    return Q(state="running", lease_until__lt=timezone.now())


def free(job: Job, give_up_state: str, most_claims: int, **counters: Any) -> bool:
    """Free one expired row: waiting again, or given up after too many claims without progress.

    Returns:
        True if this call gave it up; of two that see the same death, one does.
    """
    row = type(job)._default_manager.filter(expired(), pk=job.pk, lease_token=job.lease_token)
    # The token grows here too, so that the old worker, should it still live, can write nothing more.
    fenced = {"lease_token": F("lease_token") + 1, "lease_until": None, **counters}
    if job.claims < most_claims:
        row.update(state="queued", due_at=timezone.now(), enqueued_at=None, **fenced)
        return False
    given_up = row.update(
        state=give_up_state,
        finished_at=timezone.now(),
        failure_code="worker_died",
        failure_message=f"The worker died {job.claims} times in a row while working on this. "
        "Tell the programmers: the log of the worker shows the reason.",
        **fenced,
    )
    return bool(given_up)
