"""Verbs of runs that found more rows gone than they may mark: somebody decides."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from integrations import story
from integrations.models import RunEvent, Stream, SyncRun
from integrations.ops.bells import Impossible, by, by_name, ring
from integrations.sync.ending import HELD_FOR


def approve(run: SyncRun, reason: str, actor: User | None = None) -> SyncRun:
    """Have the rows marked as gone that this run asked about; of those that came back meanwhile none.

    Raises:
        Impossible: it does not wait for anybody (any more), the stream is paused, or another run is under way.
    """
    paused = Stream.objects.filter(pk=run.stream_id).exclude(paused_at=None).first()
    if paused:
        raise Impossible(f"{paused} is paused by {paused.paused_by}. Resume it first, then decide.")
    try:
        with transaction.atomic():
            wakes = {"may_delete": F("withheld"), "finished_at": None, "claims": 0, "due_at": timezone.now()}
            _decide(run, SyncRun.State.QUEUED, reason, by_name(actor), **wakes)
            story.tell(run, RunEvent.Kind.DECIDED, f"Approved {by(actor)}: {reason}")
            ring(run)
    except IntegrityError:
        raise Impossible(f"{run.stream} is being synced. Wait for that run to end, then decide.") from None
    return run


def keep(run: SyncRun, reason: str, actor: User | None = None) -> SyncRun:
    """Leave the rows standing that this run asked about.

    Raises:
        Impossible: it does not wait for anybody (any more).
    """
    with transaction.atomic():
        _decide(run, SyncRun.State.WARNED, reason, by_name(actor))
        story.tell(run, RunEvent.Kind.DECIDED, f"The rows were kept {by(actor)}: {reason}")
    return run


def lapse(run: SyncRun) -> SyncRun:
    """Leave the rows standing, since nobody decided in time.

    Raises:
        Impossible: somebody has just decided.
    """
    reason = f"Nobody decided within {HELD_FOR.days} days: the rows were kept."
    with transaction.atomic():
        _decide(run, SyncRun.State.WARNED, reason, "the console")
        story.tell(run, RunEvent.Kind.DECIDED, reason)
    return run


def _decide(run: SyncRun, state: SyncRun.State, reason: str, who: str, **values: Any) -> None:
    held = SyncRun.objects.filter(pk=run.pk, state=SyncRun.State.HELD)
    decided = {"decided_by": who, "decided_at": timezone.now(), "decision": reason}
    if not held.update(state=state, failure_message="", **decided, **values):
        raise Impossible("This run does not wait for anybody any more. Reload the page.")
