"""Claim, renew, let go: how a worker owns a row, and how a dead worker's row is freed.

Every statement is one conditional UPDATE, so that it holds on any database and any number of workers.
"""

from __future__ import annotations

import math
import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from integrations.models import Job, WorkerHeartbeat

LEASE = timedelta(seconds=60)
RENEW_EVERY_S = 5.0
BEAT_EVERY_S = 1.0
QUEUE_NAME = "default"

_beaten_at = -math.inf


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


def _beat_sparingly() -> None:
    """All workers write this one row, and small tasks come by the hundred."""
    global _beaten_at  # noqa: PLW0603 - of this process
    if time.monotonic() - _beaten_at >= BEAT_EVERY_S:
        beat()
        _beaten_at = time.monotonic()


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
        self.write(state=state, finished_at=timezone.now(), lease_until=None, **self.model.FORGETS, **values)

    def wait(self, state: str, due_at: Any = None, **values: Any) -> None:
        """Let go until `due_at` (now by default): queued again, or parked."""
        self.write(state=state, due_at=due_at or timezone.now(), enqueued_at=None, lease_until=None, **values)


def sparingly(lease: Lease) -> Callable[..., None]:
    """A hook that renews the lease every few seconds, for work that makes hundreds of calls a second."""
    renewed_at = time.monotonic()

    def renew(*_: object) -> None:
        nonlocal renewed_at
        if time.monotonic() - renewed_at >= RENEW_EVERY_S:
            lease.renew()
            renewed_at = time.monotonic()

    return renew


def claim(model: type[Job], pk: Any) -> Lease | None:
    """Take the row if it waits and is due; None if it does not, which makes a second delivery harmless."""
    _beat_sparingly()
    now = timezone.now()
    waiting = model._default_manager.filter(pk=pk, state__in=model.WAITING, due_at__lte=now)
    before = waiting.values_list("lease_token", flat=True).first()
    # Only with the token as it was read: nobody else has claimed the row since, so that the next one is ours.
    if before is None:
        return None
    taken = waiting.filter(lease_token=before).update(
        state=model.State.RUNNING,
        lease_token=before + 1,
        lease_owner=owner(),
        lease_until=now + LEASE,
        claims=F("claims") + 1,
        started_at=Coalesce("started_at", Value(now)),
    )
    return Lease(model, pk, before + 1) if taken else None


def withdraw(jobs: QuerySet[Any], state: str, reason: str) -> int:
    """End rows of one model that nobody wants any more, and how many; who works on one can write nothing into it."""
    ended = {"state": state, "finished_at": timezone.now(), "failure_message": reason}
    return jobs.update(lease_token=F("lease_token") + 1, lease_until=None, **ended, **jobs.model.FORGETS)


def expired() -> Q:
    """Rows whose worker died or hangs."""
    return Q(state="running", lease_until__lt=timezone.now())


def free(job: Job, give_up_state: str, most_deaths: int, **counters: Any) -> str:
    """Free one expired row: waiting again, or given up after too many deaths without progress.

    Returns:
        The state it has by this call; empty where nothing was done: of two that see the same death, one frees it.
    """
    row = type(job)._default_manager.filter(expired(), pk=job.pk, lease_token=job.lease_token)
    # The token grows here too, so that the old worker, should it still live, can write nothing more.
    fenced = {"lease_token": F("lease_token") + 1, "lease_until": None, **counters, **job.SWEPT}
    if job.died < most_deaths:
        freed = row.update(state="queued", due_at=timezone.now(), enqueued_at=None, **fenced)
        return "queued" if freed else ""
    given_up = row.update(
        state=give_up_state,
        finished_at=timezone.now(),
        failure_code="worker_died",
        failure_message=f"The worker died {job.died} times in a row while working on this. "
        "Tell the programmers: the log of the worker shows the reason.",
        **fenced,
        **job.FORGETS,
    )
    return give_up_state if given_up else ""
