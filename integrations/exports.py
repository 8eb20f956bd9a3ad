"""Makes one export: a part of the file after the other, each stored before the row says how far it is.

Whoever is killed leaves a part that no row names; it goes with the others when their day is over.
"""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.files import File
from django.core.files.storage import default_storage
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.utils import timezone

from integrations import exporting, leases, patience
from integrations.models import Export
from integrations.models.export import KEPT

logger = logging.getLogger(__name__)

State = Export.State
SLICE_S = 30.0
MOST_OF_WORKBOOK = 100_000  # rows: a minute at most, since it is written in one go
COUNTED_S = 10.0
TRY_AGAIN = timedelta(minutes=1)
MOST_CLAIMS = 5  # without a part
REMEMBERED = timedelta(days=90)
CHUNK = 64 * 1024
NO_MORE = "Who asked for it may no longer export these rows."
NONSENSE = "The list does not know this filter any more. Open the list, filter it anew and export again."
NO_STORAGE = "The storage of files cannot be written: {}. Make room or mount it, then export again."


class Refused(Exception):
    """It cannot be made; says why."""


def run(lease: leases.Lease) -> bool:
    """Work on the claimed export for one slice; True if it waits for another one."""
    job = Export.objects.select_related("actor").get(pk=lease.pk)
    try:
        return _slice(lease, job)
    except leases.LostLease:
        logger.warning("%s was cancelled or taken over by another worker", job)
    except (Refused, exporting.TooMany) as reason:
        lease.finish(State.FAILED, failure_code="refused", failure_message=str(reason))
    except OSError as error:
        _wait_for_storage(lease, job, NO_STORAGE.format(error.strerror or type(error).__name__))
    return False


def _slice(lease: leases.Lease, job: Export) -> bool:
    until, rows = time.monotonic() + SLICE_S, _rows(job)
    if job.total is None:
        job.total = _count(rows)
        lease.write(total=job.total)
    while True:
        is_end = _add_part(lease, job, rows)
        so_far = {"done": job.done, "after": job.after, "parts": job.parts}
        if is_end:
            lease.finish(State.SUCCEEDED, **so_far, failure_message="")
            return False
        if time.monotonic() > until:
            lease.wait(State.QUEUED, **so_far, claims=0)
            return True
        lease.write(**so_far, claims=0)


def _rows(job: Export) -> QuerySet[Any]:
    """As the list shows them to who asked."""
    request, listed = HttpRequest(), admin.site.get_model_admin(exporting.TABLES[job.table])
    if job.actor is None or not job.actor.is_active:
        raise Refused(NO_MORE)
    request.user, request.GET = job.actor, QueryDict(job.query)
    if not listed.has_export_permission(request):  # type: ignore[attr-defined]
        raise Refused(NO_MORE)
    try:
        rows: QuerySet[Any] = listed.get_export_queryset(request)  # type: ignore[attr-defined]
    except IncorrectLookupParameters:
        raise Refused(NONSENSE) from None
    return rows


def _count(rows: QuerySet[Any]) -> int | None:
    try:
        with patience.at_most(COUNTED_S):
            return rows.order_by().count()
    except patience.TookTooLong:
        return None


def _add_part(lease: leases.Lease, job: Export, rows: QuerySet[Any]) -> bool:
    """Store it, and note it in the row that is in memory; True if it was the last."""
    with tempfile.TemporaryFile() as file:
        if job.form == exporting.WORKBOOK:
            place = exporting.Place(exporting.whole_workbook(file, rows, MOST_OF_WORKBOOK, lease.renew), is_end=True)
        else:
            place = exporting.part(file, job.form, rows, exporting.Place(job.done, job.after))
        size = file.tell()
        file.seek(0)
        # The number of the claim is in the name, so that a worker that was taken for dead writes into no other's part.
        name = default_storage.save(f"{job.folder}/{len(job.parts):05d}-{lease.token}", File(file))
    job.done, job.after = place.done, place.after
    job.parts = [*job.parts, [name, size]]
    return place.is_end


def _wait_for_storage(lease: leases.Lease, job: Export, message: str) -> None:
    what = {"failure_code": "storage", "failure_message": message}
    if job.claims >= MOST_CLAIMS:
        lease.finish(State.FAILED, **what)
    else:
        lease.wait(State.PARKED, timezone.now() + TRY_AGAIN, **what)


def chunks(job: Export) -> Iterator[bytes]:
    """The file, as it is sent.

    Raises:
        OSError: a part is not there, or not as it was written; before anything is given.
    """
    for name, size in job.parts:
        if default_storage.size(name) != size:
            raise OSError(f"{name} is not as it was written")
    return _read(job)


def _read(job: Export) -> Iterator[bytes]:
    for name, _ in job.parts:
        with default_storage.open(name) as part:
            yield from part.chunks(CHUNK)


def forget_old() -> None:
    """Delete files whose day is over, and rows that nobody asks about any more."""
    now = timezone.now()
    for job in Export.objects.filter(is_kept=True, finished_at__lt=now - KEPT):
        try:
            _empty(job.folder)
        except OSError:
            continue  # the storage is away; the next minute will do
        Export.objects.filter(pk=job.pk).update(is_kept=False, parts=[])
    Export.objects.filter(is_kept=False, finished_at__lt=now - REMEMBERED).delete()


def _empty(folder: str) -> None:
    try:
        _, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in names:
        default_storage.delete(f"{folder}/{name}")
    default_storage.delete(folder)
