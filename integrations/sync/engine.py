"""Runs one stream: read some pages, write them with their checkpoint in one transaction, go on.

A run works in slices, so that it never meets the queue's time limit; it can be killed at any point,
and whoever takes it up goes on from the checkpoint.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta

from django.apps import apps
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from integrations import hurry, incidents, leases, story, systems
from integrations.connections import client_for
from integrations.models import Call, Incident, RunEvent, SyncedModel, SyncRun
from integrations.recorder import Cause
from integrations.sync import applying, chosen, counting, ending, failures, first_page, gone, preview, watermark
from integrations.sync.failures import Failure, Unusable
from integrations.sync.reading import Ahead, batches
from integrations.sync.storable import storable
from integrations.sync.upsert import Counts, upsert
from integrations.systems.base import BadItem, Gone, Item, Page
from integrations.transport.errors import Parked

logger = logging.getLogger(__name__)

SLICE_S = 30.0
JUDGED_FROM = 100  # items; of fewer, one bad one would be many per cent
MOST_WARNINGS = 20
LONGEST_WARNING = 500


def run(lease: leases.Lease) -> bool:
    """Work on the claimed run for one slice.

    Returns:
        True if the run waits for another slice; False if it ended, parked or was lost to another worker.
    """
    job = SyncRun.objects.select_related("stream__service").get(pk=lease.pk)
    try:
        if not job.events.filter(kind=RunEvent.Kind.STARTED).exists():
            story.tell(job, RunEvent.Kind.STARTED, leases.owner())
        return _try(job, lease)
    except leases.LostLease:
        logger.warning("run %s was taken from this worker", job.pk)
    return False


def _try(job: SyncRun, lease: leases.Lease) -> bool:
    """Read; whatever stops the reading is said in the row."""
    read_before = job.items
    try:
        return _read(job, lease)
    except leases.LostLease:
        raise
    except Parked as parked:
        _park(job, lease, parked)
    except Exception as error:
        failure = failures.of(error)
        if failure.origin in {SyncRun.Origin.CONSOLE, SyncRun.Origin.DATABASE}:
            logger.exception("run %s failed", job.pk)
        _stop(job, lease, failure, progress=job.items > read_before)
    return False


def _park(job: SyncRun, lease: leases.Lease, parked: Parked) -> None:
    with transaction.atomic():
        lease.wait(SyncRun.State.PARKED, parked.until, failure_message=f"{parked} Goes on by itself.", claims=0)
        story.tell(job, RunEvent.Kind.PARKED, str(parked))


def _stop(job: SyncRun, lease: leases.Lease, failure: Failure, *, progress: bool) -> None:
    """Try again by itself where that may help; else it has failed, and somebody must act."""
    wait_s = failures.wait_s(job, progress=progress) if failure.passes else None
    what = {"failure_origin": failure.origin, "failure_code": failure.code, "failure_message": failure.message}
    with transaction.atomic():
        if wait_s is None:
            lease.finish(SyncRun.State.FAILED, **what)
            story.tell(job, RunEvent.Kind.ENDED, failure.message)
        else:
            counters = {"recoveries": F("recoveries") + 1} if progress else {"stalls": F("stalls") + 1}
            lease.wait(SyncRun.State.PARKED, timezone.now() + timedelta(seconds=wait_s), **what, **counters, claims=0)
            story.tell(job, RunEvent.Kind.RECOVERED, f"{failure.message} Tries again by itself.")
        if not progress or wait_s is None:
            incidents.report(job.stream.service, Incident.Kind.SYNC, failure.code, failure.message)


def _read(job: SyncRun, lease: leases.Lease) -> bool:
    stream, started = job.stream, time.monotonic()
    batch_began = started
    system = systems.get(stream.service.system)
    model = synced_model(system.stream(stream.name).model)
    if job.read_at:  # what is left to do has waited for somebody to decide
        ending.end(job, lease, model)
        return False
    if job.mode == SyncRun.Mode.APPLY:
        return _apply(job, lease, model)
    cause = Cause(Call.Trigger.SYNC, job.correlation_id, run_id=job.pk, actor_id=job.actor_id)
    with client_for(stream.service, cause, leases.sparingly(lease)) as client:
        pages = system.read(stream.name)(client, job.checkpoint)
        read = Ahead(batches(model, pages), started + SLICE_S)
        with closing(iter(read)) as found:
            for batch in found:
                _write(job, lease, model, [chosen.of(job, page) for page in batch], batch_began)
                if chosen.all_came(job):
                    break
                batch_began = time.monotonic()
    if not read.at_end and not chosen.all_came(job):
        lease.wait(SyncRun.State.QUEUED)
        return True
    ending.end(job, lease, model)
    return False


def _apply(job: SyncRun, lease: leases.Lease, model: type[SyncedModel]) -> bool:
    started = time.monotonic()
    for _step in applying.steps(job, lease, model):
        if time.monotonic() - started > SLICE_S:
            lease.wait(SyncRun.State.QUEUED)
            return True
    applying.end(job, lease)
    return False


def synced_model(name: str) -> type[SyncedModel]:
    """Essay, Property or Record by its name."""
    model = apps.get_model("integrations", name)
    assert issubclass(model, SyncedModel)
    return model


def _write(job: SyncRun, lease: leases.Lease, model: type[SyncedModel], pages: Sequence[Page], began: float) -> None:
    """The rows of a batch of pages, their counts and the checkpoint after them: all or nothing.

    Args:
        began: when the first was asked for, by the monotonic clock.
    """
    sent = [item for page in pages for item in page.items]
    items = watermark.within(job, sent)
    if job.mode != SyncRun.Mode.ITEMS and not job.carried and not job.items:
        first_page.check(job, model, watermark.within(job, pages[0].items))
    job.newest_change_at = watermark.newest(job, items)
    job.undated += watermark.undated(items)
    for page in pages:
        job.warnings = _with(job.warnings, page.remark)
    with hurry.atomic():
        counts, deleted = _store(job, model, items)
        chosen.recognise(job, items)
        counting.add(job, counts, deleted)
        job.items += len(sent) - len(items)
        job.aside += len(sent) - len(items)
        job.pages += len(pages)
        job.total, job.checkpoint = pages[-1].total, dict(pages[-1].position)
        job.worked_s += time.monotonic() - began
        counting.write(job, lease)
    _keep_to_budget(job)


def _store(job: SyncRun, model: type[SyncedModel], items: Sequence[Item | BadItem | Gone]) -> tuple[Counts, int]:
    """What became of the items, and how many rows were marked as gone; for a preview, what would."""
    if job.mode == SyncRun.Mode.PREVIEW:
        return preview.note(job, model, items)
    counts = upsert(job, model, [item for item in items if not isinstance(item, Gone)])
    gone.see(job, items)
    return counts, gone.told(job, model, items)


def _keep_to_budget(job: SyncRun) -> None:
    """What fits is written; but where too much does not, the mapping is wrong, and going on is no help."""
    most = 100 if job.mode == SyncRun.Mode.ITEMS else job.stream.error_budget_percent  # of those each was bad before
    if job.items >= JUDGED_FROM and job.rejected * 100 > most * job.items and most < 100:
        raise Unusable(
            "error_budget",
            f"{job.rejected:,} of {job.items:,} items could not be used. That is more than {most} %: the run has stopped. "
            "Look at the rejected items, correct the paths in the service's options or mend the items at the source, "
            "then press “Retry”.",
        )


def _with(warnings: list[str], remark: str) -> list[str]:
    """The warnings and one more, each once, and not without end."""
    sentence = storable(remark)[:LONGEST_WARNING]
    if not sentence or sentence in warnings or len(warnings) >= MOST_WARNINGS:
        return warnings
    return [*warnings, sentence]
