"""Verbs of streams: pause, resume, set and forget up to where one was read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from integrations import story
from integrations.models import PositionChange, RunEvent, Stream, SyncRun
from integrations.ops.bells import Impossible, by, by_name, ring
from integrations.sync import plan


def pause(stream: Stream, actor: User | None = None) -> None:
    """Start no run of this stream, and let the one under way rest where it is, until somebody resumes it.

    Raises:
        Impossible: it is paused.
    """
    with transaction.atomic():
        going = Stream.objects.filter(pk=stream.pk, paused_at=None)
        if not going.update(paused_at=timezone.now(), paused_by=by_name(actor)):
            raise Impossible(f"{stream} is paused already.")
        for run in _move(stream, SyncRun.ACTIVE, SyncRun.State.PAUSED):
            story.tell(run, RunEvent.Kind.PAUSED, f"{by(actor).capitalize()}.")


def resume(stream: Stream, actor: User | None = None) -> None:
    """Let runs start again, and the one that rests go on where it stopped.

    Raises:
        Impossible: it is not paused.
    """
    with transaction.atomic():
        paused = Stream.objects.filter(pk=stream.pk).exclude(paused_at=None)
        if not paused.update(paused_at=None, paused_by=""):
            raise Impossible(f"{stream} is not paused.")
        for run in _move(stream, [SyncRun.State.PAUSED], SyncRun.State.QUEUED):
            story.tell(run, RunEvent.Kind.RESUMED, f"{by(actor).capitalize()}.")
            ring(run)


def _move(stream: Stream, states: Sequence[str], state: SyncRun.State) -> list[SyncRun]:
    """The run of this stream that was in one of the states, now in another; nobody who works on it can write any more."""
    found = list(stream.runs.select_for_update().filter(state__in=states))
    moved = stream.runs.filter(pk__in=[run.pk for run in found], state__in=states)
    moved.update(state=state, lease_token=F("lease_token") + 1, lease_until=None, due_at=timezone.now(), claims=0)
    return found


def forget_position(stream: Stream, actor: User | None = None) -> None:
    """Have the next run of this stream read everything, and no retry go on where an earlier run stopped."""
    _move_position(stream, actor, None, last_full_at=None)


def set_position(stream: Stream, moment: datetime, actor: User | None = None) -> None:
    """Have the next run of this stream read what changed since then, and no retry go on where an earlier run stopped.

    Raises:
        Impossible: the source cannot tell what changed, nothing was read yet, a run is under way, or it lies ahead.
    """
    if not plan.tells_changes(stream):
        raise Impossible(f"The source of {stream} cannot tell what changed, so that every run reads everything.")
    if not stream.last_full_at:
        raise Impossible(f"{stream} was never read whole, so that the next run reads everything. Sync it first.")
    if moment > timezone.now():
        raise Impossible("This moment has not come yet: changes until then would be missed. Enter one of the past.")
    if stream.runs.filter(state__in=SyncRun.ACTIVE).exists():
        raise Impossible(f"{stream} is being synced, which would move the position again. Wait for that run to end.")
    _move_position(stream, actor, moment)


def _move_position(stream: Stream, actor: User | None, moment: datetime | None, **values: Any) -> None:
    with transaction.atomic():
        before = Stream.objects.select_for_update(no_key=True).get(pk=stream.pk).watermark
        Stream.objects.filter(pk=stream.pk).update(watermark=moment, forgotten_at=timezone.now(), **values)
        PositionChange.objects.create(stream=stream, before=before, after=moment, actor=actor)
