"""Runs one stream: read a page, write it with its checkpoint in one transaction, go on.

A run works in slices, so that it never meets the queue's time limit; between two pages it can be
killed at any point, and whoever takes it up goes on from the checkpoint.
"""

from __future__ import annotations

import logging
import time

from django.apps import apps
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from integrations import incidents, leases, systems
from integrations.connections import client_for
from integrations.credentials import CredentialUnavailable
from integrations.models import Call, Incident, RecordError, Stream, SyncedModel, SyncRun
from integrations.recorder import Cause
from integrations.sync.upsert import Counts, upsert
from integrations.systems import UnknownSystem
from integrations.systems.base import Page, UnknownStream
from integrations.transport.errors import CallError, Parked

logger = logging.getLogger(__name__)

SLICE_S = 30.0


def run(lease: leases.Lease) -> bool:
    """Work on the claimed run for one slice.

    Returns:
        True if the run waits for another slice; False if it ended, parked or was lost to another worker.
    """
    job = SyncRun.objects.select_related("stream__service").get(pk=lease.pk)
    try:
        return _try(job, lease)
    except leases.LostLease:
        logger.warning("run %s was taken over by another worker", job.pk)
    return False


def _try(job: SyncRun, lease: leases.Lease) -> bool:
    """Read; whatever stops the reading is said in the row."""
    try:
        return _read(job, lease)
    except leases.LostLease:
        raise
    except Parked as parked:
        lease.wait(SyncRun.State.PARKED, parked.until, failure_message=f"{parked} Goes on by itself.", claims=0)
    except CallError as error:
        _fail(job, lease, "source", error.code, error.for_staff())
    except (CredentialUnavailable, UnknownSystem, UnknownStream) as error:
        _fail(job, lease, "configuration", "not_configured", str(error))
    except Exception as error:
        logger.exception("run %s failed", job.pk)
        _fail(
            job,
            lease,
            "console",
            type(error).__name__,
            f"The console itself failed ({type(error).__name__}). "
            "Tell the programmers: the log of the worker has the details.",
        )
    return False


def _read(job: SyncRun, lease: leases.Lease) -> bool:
    stream, started = job.stream, time.monotonic()
    system = systems.get(stream.service.system)
    model = synced_model(system.stream(stream.name).model)
    cause = Cause(Call.Trigger.SYNC, job.correlation_id, run_id=job.pk, actor_id=job.actor_id)
    with client_for(stream.service, cause, lease.renew) as client:
        for page in system.read(stream.name)(client, job.checkpoint):
            _write(job, lease, model, page)
            if time.monotonic() - started > SLICE_S:
                lease.wait(SyncRun.State.QUEUED)
                return True
    _succeed(lease, stream)
    return False


def synced_model(name: str) -> type[SyncedModel]:
    """Essay, Property or Record by its name."""
    model = apps.get_model("integrations", name)
    assert issubclass(model, SyncedModel)
    return model


def _write(job: SyncRun, lease: leases.Lease, model: type[SyncedModel], page: Page) -> None:
    """The rows of one page, their counts and the checkpoint after them: all or nothing."""
    with transaction.atomic():
        counts = upsert(job, model, page.items)
        lease.write(
            checkpoint=dict(page.position),
            total=page.total,
            pages=F("pages") + 1,
            claims=0,  # progress: only deaths without any are counted
            failure_message="",
            **_added(counts),
        )


def _added(counts: Counts) -> dict[str, object]:
    return {name: F(name) + number for name, number in vars(counts).items()}


def _succeed(lease: leases.Lease, stream: Stream) -> None:
    with transaction.atomic():
        rejected = RecordError.objects.filter(run_id=lease.pk).exists()
        lease.finish(SyncRun.State.PARTIAL if rejected else SyncRun.State.SUCCEEDED, failure_message="")
        Stream.objects.filter(pk=stream.pk).update(last_success_at=timezone.now())
        incidents.resolve(stream.service, Incident.Kind.SYNC)


def _fail(job: SyncRun, lease: leases.Lease, origin: str, code: str, message: str) -> None:
    with transaction.atomic():
        lease.finish(SyncRun.State.FAILED, failure_origin=origin, failure_code=code, failure_message=message)
        incidents.report(job.stream.service, Incident.Kind.SYNC, code, message)
