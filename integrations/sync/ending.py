"""The end of a reading: what is gone, what is odd, and the state that says so."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from integrations import incidents, leases, story, systems
from integrations.models import Incident, RecordError, RunEvent, Stream, SyncedModel, SyncRun
from integrations.sync import chosen, gone, inbox, preview, watermark

NO_FAILURE: dict[str, Any] = {"failure_origin": "", "failure_code": "", "failure_message": ""}
HELD_FOR = timedelta(days=7)


def end(run: SyncRun, lease: leases.Lease, model: type[SyncedModel]) -> None:
    """Judge what the run has read; call it when there is no more to read, or when somebody has decided."""
    with transaction.atomic():
        if run.read_at is None:
            _note_reading(run, model)
        swept = _sweep(run, model)
        what = {"read_at": run.read_at, "deleted": F("deleted") + swept.deleted, "withheld": swept.withheld}
        if swept.asks:
            _hold(run, lease, swept, what)
        else:
            close(run, lease, swept, what)
            if run.mode == SyncRun.Mode.FULL:
                gone.forget(run)


def _sweep(run: SyncRun, model: type[SyncedModel]) -> gone.Swept:
    """Only who read everything can tell what is missing."""
    if run.mode == SyncRun.Mode.PREVIEW:
        return preview.sweep(run, model)
    return gone.sweep(run, model) if run.mode == SyncRun.Mode.FULL else gone.Swept()


def _note_reading(run: SyncRun, model: type[SyncedModel]) -> None:
    run.read_at = timezone.now()
    if run.mode == SyncRun.Mode.ITEMS:
        run.warnings = [*run.warnings, *chosen.close(run)]
        return
    run.warnings = [*run.warnings, *_suspicions(run), *_repetitions(run, model)]
    if run.mode not in SyncRun.KEEPS_UP:
        return
    watermark.advance(run)
    Stream.objects.filter(pk=run.stream_id).update(last_success_at=run.read_at)
    incidents.resolve(run.stream.service, Incident.Kind.SYNC)
    if run.mode == SyncRun.Mode.FULL:
        _withdraw_earlier(run)
        _close_missing(run)


def _withdraw_earlier(run: SyncRun) -> None:
    """What an earlier run asked about is answered by this one, which has read everything since."""
    held = SyncRun.objects.filter(stream=run.stream_id, state=SyncRun.State.HELD).exclude(pk=run.pk)
    for earlier in held:
        story.tell(earlier, RunEvent.Kind.ENDED, f"{run} has read everything since and judges anew.")
    held.update(state=SyncRun.State.WARNED, failure_message="")


def _close_missing(run: SyncRun) -> None:
    """What an earlier run could not use and a whole reading did not meet is no longer at the source."""
    if not run.warnings:
        met = gone.errors_of_reading(run).values("pk")
        unmet = RecordError.objects.filter(stream=run.stream_id, state=RecordError.State.OPEN).exclude(pk__in=met)
        inbox.close(run, unmet)


def _hold(run: SyncRun, lease: leases.Lease, swept: gone.Swept, what: dict[str, Any]) -> None:
    """Wait for somebody to decide. The run has ended as far as the queue and other runs are concerned."""
    now = timezone.now()
    waits = {"state": SyncRun.State.HELD, "finished_at": now, "due_at": now + HELD_FOR, "lease_until": None}
    told = {**NO_FAILURE, "failure_message": swept.warning, "warnings": run.warnings}
    lease.write(**waits, **told, **what)
    story.tell(run, RunEvent.Kind.HELD, swept.warning)


def close(run: SyncRun, lease: leases.Lease, swept: gone.Swept, what: dict[str, Any]) -> None:
    """Leave the state that fits what came."""
    # Not among the suspicions: that some have no time of change makes nobody doubt which rows are missing.
    run.warnings = [*run.warnings, *filter(None, (swept.warning, watermark.remark(run)))]
    state = _state(run)
    lease.finish(state, warnings=run.warnings, **NO_FAILURE, **what)
    story.tell(run, RunEvent.Kind.ENDED, state.label)


def _state(run: SyncRun) -> SyncRun.State:
    if gone.errors_of_reading(run).filter(state=RecordError.State.OPEN).exists():
        return SyncRun.State.PARTIAL
    return SyncRun.State.WARNED if run.warnings else SyncRun.State.SUCCEEDED


def _suspicions(run: SyncRun) -> Iterable[str]:
    """Why a reading without any failure may yet have missed something; a sentence for each reason."""
    read = run.carried + run.items
    # Among what changed the source may count what is gone, which is no item.
    if run.mode == SyncRun.Mode.FULL and run.total is not None and read < run.total:
        yield (
            f"The source says there are {run.total:,} items, but only {read:,} came. "
            "Look whether the service may see all of them, then sync again."
        )
    if not read and run.mode in SyncRun.READS_EVERYTHING and _brought_something_before(run):
        yield "Nothing came, though earlier runs read something. Look at the source and at what the service may see."
    if run.pages == 1 and read and read == _page_size(run) and run.total is None:
        yield (
            f"Exactly one full page of {read:,} items came and then the end. If there is more at the source, "
            "correct the pagination in the options of the service."
        )


def _repetitions(run: SyncRun, model: type[SyncedModel]) -> Iterable[str]:
    """Where an item came twice in a list that is read once, another may have slipped past; a walk that saw it said so."""
    if run.mode != SyncRun.Mode.FULL or run.warnings:
        return
    if twice := gone.came_twice(run, model):
        yield (
            f"{twice:,} of {run.carried + run.items:,} items came twice. Either the order of the list changed while it "
            "was read, so that others may be missing: sync again. Or items share an id: correct the path of the id in "
            "the options of the service."
        )


def _brought_something_before(run: SyncRun) -> bool:
    before = SyncRun.objects.filter(stream=run.stream_id, pk__lt=run.reading, state__in=SyncRun.READ_TO_THE_END)
    return before.filter(items__gt=0).exists()


def _page_size(run: SyncRun) -> int | None:
    """How many items a page has by the options of the service; None where they do not say."""
    service = run.stream.service
    size = {**systems.get(service.system).defaults, **service.options}.get("page_size")
    return size if isinstance(size, int) else None
