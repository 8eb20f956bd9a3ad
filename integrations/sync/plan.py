"""What a run reads that is about to start: everything or what changed, and from where.

Everything is read from an empty position, what changed from `{"since": moment}`; the runs here are not saved yet.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from integrations import systems
from integrations.models import RecordError, Stream, SyncRun
from integrations.sync import chosen
from integrations.systems import UnknownSystem
from integrations.systems.base import UnknownStream
from integrations.transport.codes import Code

# What was read does not fit together: going on at its end would only find that again.
BEGINS_ANEW = (Code.TRUNCATED, Code.BAD_PAGING)


def since(stream: Stream) -> datetime | None:
    """From when on the next run reads; None if it reads everything."""
    if not stream.watermark or not stream.last_full_at or not tells_changes(stream):
        return None
    if timezone.now() - stream.last_full_at >= timedelta(hours=stream.full_every_hours):
        return None
    return stream.watermark - timedelta(seconds=stream.lag_seconds)


def tells_changes(stream: Stream) -> bool:
    """Whether its source can be asked for what changed alone."""
    try:
        return systems.get(stream.service.system).stream(stream.name).incremental
    except (UnknownSystem, UnknownStream):
        return False  # the run itself will say so


def fresh(stream: Stream, *, full: bool = False) -> SyncRun:
    """A run from the beginning."""
    moment = None if full else since(stream)
    if moment is None:
        return SyncRun(stream=stream)
    return SyncRun(stream=stream, mode=SyncRun.Mode.INCREMENTAL, checkpoint={"since": moment.isoformat()})


def preview(stream: Stream) -> SyncRun:
    """A run that reads everything and writes what it would do."""
    return SyncRun(stream=stream, mode=SyncRun.Mode.PREVIEW)


def backfill(stream: Stream, start: datetime, end: datetime) -> SyncRun:
    """A run that reads what changed in a range of time; what moves the position of the stream is none of it."""
    since = {"since": start.isoformat()}
    return SyncRun(stream=stream, mode=SyncRun.Mode.BACKFILL, checkpoint=since, until=end)


def application(plan: SyncRun) -> SyncRun:
    """A run that does what a preview planned."""
    total = plan.created + plan.updated + plan.deleted
    return SyncRun(stream=plan.stream, mode=SyncRun.Mode.APPLY, plan=plan, total=total)


def items(stream: Stream, errors: QuerySet[RecordError]) -> SyncRun:
    """A run that reads from the beginning until it has met these items again, and writes nothing else."""
    keys = list(errors.values_list("key", flat=True))
    return SyncRun(stream=stream, mode=SyncRun.Mode.ITEMS, chosen=keys, total=len(keys))


def again(run: SyncRun) -> SyncRun:
    """A run that goes on where this one failed; where it cannot, one that reads from its beginning what this one did."""
    if run.mode == SyncRun.Mode.ITEMS:
        return items(run.stream, chosen.still_open(run))
    if run.mode == SyncRun.Mode.APPLY or can_go_on(run):  # each change of a plan is judged by itself
        return _going_on(run)
    return anew(run)


def anew(run: SyncRun) -> SyncRun:
    """A run that reads from its beginning what this one did."""
    if run.mode == SyncRun.Mode.PREVIEW:  # a plan is made by one run
        return preview(run.stream)
    start = run.since
    if run.mode == SyncRun.Mode.BACKFILL and start and run.until:
        return backfill(run.stream, start, run.until)
    if run.mode == SyncRun.Mode.INCREMENTAL and start and not _is_forgotten(run):
        return SyncRun(stream=run.stream, mode=run.mode, checkpoint={"since": start.isoformat()})
    return SyncRun(stream=run.stream)


def can_go_on(run: SyncRun) -> bool:
    """Whether its position is still worth something: it failed, and nothing has been read of the stream since."""
    if run.state not in {SyncRun.State.FAILED, SyncRun.State.CANCELLED} or run.failure_code in BEGINS_ANEW:
        return False
    if run.mode == SyncRun.Mode.PREVIEW or _is_forgotten(run):
        return False
    return not run.stream.runs.filter(pk__gt=run.pk).exclude(mode=SyncRun.Mode.PREVIEW).exists()


def _is_forgotten(run: SyncRun) -> bool:
    forgotten = run.stream.forgotten_at
    return forgotten is not None and run.created_at <= forgotten


def _going_on(run: SyncRun) -> SyncRun:
    """With everything that the end of the reading is judged by."""
    return SyncRun(
        stream=run.stream,
        mode=run.mode,
        plan=run.plan,
        total=run.total,
        until=run.until,
        checkpoint=run.checkpoint,
        pass_of=run.reading,
        pass_began_at=run.reading_since,
        carried=run.carried + run.items,
        newest_change_at=run.newest_change_at,
        undated=run.undated,
        warnings=run.warnings,
    )
