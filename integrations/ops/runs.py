"""Verbs of runs: start, retry, cancel."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from integrations import leases, story
from integrations.models import RunEvent, Service, Stream, SyncRun
from integrations.ops.bells import Impossible, begin, by, ring
from integrations.sync import applying, plan


def sync(
    stream: Stream, trigger: str, actor: User | None = None, *, full: bool = False, trail: uuid.UUID | None = None
) -> SyncRun:
    """Start a run of this stream from the beginning.

    Args:
        full: read everything, also where reading what changed would do.
        trail: of what asked for it, to which the run belongs.

    Raises:
        Impossible: the service or stream is off or paused, or a run is already under way.
    """
    run = plan.fresh(stream, full=full)
    run.correlation_id = trail or run.correlation_id
    return _begin(run, trigger, actor)


def preview(stream: Stream, trigger: str, actor: User | None = None) -> SyncRun:
    """Start a run that reads everything and writes down what a sync would do; no row changes.

    Raises:
        Impossible: as `sync`.
    """
    return _begin(plan.preview(stream), trigger, actor)


def apply_plan(run: SyncRun, trigger: str, actor: User | None = None) -> SyncRun:
    """Start a run that does what this preview planned, and nothing else; whoever asks approves what it marks as gone.

    Raises:
        Impossible: the plan is not whole, too old, applied already or empty; or as `sync`.
    """
    if reason := applying.objection(run):
        raise Impossible(reason)
    return _begin(plan.application(run), trigger, actor)


def backfill(stream: Stream, trigger: str, actor: User | None, start: datetime, end: datetime) -> SyncRun:
    """Start a run that reads what changed from `start` to `end`, and leaves the position of the stream alone.

    Raises:
        Impossible: the source cannot tell what changed, there is no such range, or as `sync`.
    """
    if not plan.tells_changes(stream):
        raise Impossible(f"The source of {stream} cannot tell what changed when. Press “Sync everything” instead.")
    if not start < end:
        raise Impossible("The range ends before it begins. Enter the earlier moment first.")
    if start > timezone.now():
        raise Impossible("The range has not begun yet: nothing can have changed in it. Enter a moment of the past.")
    return _begin(plan.backfill(stream, start, end), trigger, actor)


def _begin(run: SyncRun, trigger: str, actor: User | None) -> SyncRun:
    stream = run.stream
    if reason := objection(stream):
        raise Impossible(reason)
    run.trigger, run.actor = trigger, actor
    try:
        with transaction.atomic():
            begin(run)
            story.tell(run, RunEvent.Kind.ASKED, _asked(run, actor))
    except IntegrityError:
        under_way = stream.runs.filter(state__in=SyncRun.ACTIVE).first()
        raise Impossible(f"{stream} is already being synced. Wait for that run to end.", under_way) from None
    return run


def objection(stream: Stream) -> str:
    """Why no run of this stream may start now, whoever asks; empty if one may."""
    if not stream.service.enabled:
        return f"{stream.service} is switched off. Enable the service first."
    if not stream.enabled:
        return f"{stream} is switched off. Enable the stream first."
    if stream.paused_at:
        return f"{stream} is paused by {stream.paused_by}. Resume it first."
    return ""


def _asked(run: SyncRun, actor: User | None) -> str:
    who = str(actor) if actor else run.get_trigger_display()
    return who if run.mode in SyncRun.KEEPS_UP else f"{who}: {run.get_mode_display()}"


@dataclass(frozen=True)
class Outcome:
    """What came of a verb that was asked of many rows at once."""

    runs: list[SyncRun]
    refusals: list[Impossible]


def each(verbs: Iterable[Callable[[], SyncRun]]) -> Outcome:
    """One after the other; what is impossible for one keeps no other from starting."""
    outcome = Outcome([], [])
    for verb in verbs:
        try:
            outcome.runs.append(verb())
        except Impossible as reason:
            outcome.refusals.append(reason)
    return outcome


def sync_each(streams: Iterable[Stream], trigger: str, actor: User | None = None, *, full: bool = False) -> Outcome:
    """Start a run of each of these streams."""
    return each(partial(sync, stream, trigger, actor, full=full) for stream in streams)


def retry_each(runs: Iterable[SyncRun], actor: User | None = None) -> Outcome:
    """Retry each of these runs."""
    return each(partial(retry, run, actor) for run in runs)


def sync_service(service: Service, trigger: str, actor: User | None = None, *, full: bool = False) -> list[SyncRun]:
    """Start a run of every enabled stream of the service.

    Raises:
        Impossible: nothing could be started; the text says why.
    """
    streams = list(service.streams.filter(enabled=True).select_related("service"))
    if not streams:
        raise Impossible(f"{service} has no stream to sync.")
    outcome = sync_each(streams, trigger, actor, full=full)
    if not outcome.runs:
        raise Impossible(" ".join(dict.fromkeys(str(reason) for reason in outcome.refusals)))
    return outcome.runs


def retry(run: SyncRun, actor: User | None = None) -> SyncRun:
    """Go on where a failed run stopped; what read to its end is read again from its beginning.

    A run that waits until it may try again by itself does so now.

    Raises:
        Impossible: it has not ended, or another run is under way.
    """
    if run.state == SyncRun.State.PARKED:
        return _hurry(run, actor)
    if run.state in SyncRun.ACTIVE:
        raise Impossible(f"{run} has not ended yet. Wait for it.", run)
    if run.mode == SyncRun.Mode.APPLY and (reason := applying.objection_to_retry(run)):
        raise Impossible(reason)
    made = plan.again(run)
    made.retry_of, made.correlation_id = run, run.correlation_id
    return begin_again(made, actor)


def begin_again(run: SyncRun, actor: User | None) -> SyncRun:
    """Start a run that reads again what was read before.

    Raises:
        Impossible: there is nothing to read for, or as for `sync`.
    """
    if run.mode == SyncRun.Mode.ITEMS and not run.chosen:
        raise Impossible("None of the chosen items is open any more: there is nothing to retry.")
    return _begin(run, SyncRun.Trigger.RETRY, actor)


def run_again(run: SyncRun, actor: User | None = None) -> SyncRun:
    """Read from the beginning what an ended run has read: everything, or what changed since the same moment.

    Raises:
        Impossible: it has not ended, or another run is under way.
    """
    if run.state in SyncRun.ACTIVE:
        raise Impossible("This run has not ended yet. Wait for it, or cancel it first.")
    return _begin(plan.anew(run), SyncRun.Trigger.STAFF if actor else SyncRun.Trigger.COMMAND, actor)


def _hurry(run: SyncRun, actor: User | None) -> SyncRun:
    with transaction.atomic():
        parked = SyncRun.objects.filter(pk=run.pk, state=SyncRun.State.PARKED)
        if not parked.update(due_at=timezone.now()):
            raise Impossible(f"{run} goes on already.", run)
        story.tell(run, RunEvent.Kind.RESUMED, f"At once, {by(actor)}.")
        ring(run)
    return run


def cancel(run: SyncRun, actor: User | None = None) -> SyncRun:
    """End it; what was copied stays. A worker that is at it notices with its next call or page.

    Raises:
        Impossible: it has ended.
    """
    message = f"Cancelled {by(actor)}."
    with transaction.atomic():
        active = SyncRun.objects.filter(pk=run.pk, state__in=SyncRun.ACTIVE)
        if not leases.withdraw(active, SyncRun.State.CANCELLED, message):
            raise Impossible("This run has ended already.")
        story.tell(run, RunEvent.Kind.ENDED, message)
    return run
