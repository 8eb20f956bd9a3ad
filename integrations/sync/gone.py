"""Rows whose item is no longer at the source: marked, never removed, and only when that is certain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from integrations.models import Change, RecordError, Sighting, SyncedModel, SyncRun
from integrations.sync.storable import is_storable
from integrations.systems.base import BadItem, Gone, Item

AT_ONCE = 1000

Items = Sequence[Item | BadItem | Gone]


@dataclass(frozen=True)
class Swept:
    """What became of the rows that did not come; named as the run's columns.

    Attributes:
        warning: why they were left standing, and what to do; empty where they were not.
        asks: somebody may decide that they are gone.
    """

    deleted: int = 0
    withheld: int = 0
    warning: str = ""
    asks: bool = False


def told(run: SyncRun, model: type[SyncedModel], items: Items) -> int:
    """Mark what the vendor itself calls gone, unless it comes again on the same page; how many rows that were."""
    ids = told_ids(items)
    return mark(run, model, ids) if ids else 0


def told_ids(items: Items) -> list[str]:
    """What a page calls gone and does not bring again."""
    last = {item.external_id: item for item in items}
    return [key for key, item in last.items() if isinstance(item, Gone) and is_storable(key)]


def see(run: SyncRun, items: Items) -> None:
    """Note which items came, those that could not be used too."""
    came = (item.external_id for item in items if not isinstance(item, Gone))
    ids = [each for each in came if each and is_storable(each)]
    if ids:
        Sighting.objects.create(stream_id=run.stream_id, reading=run.reading, ids=ids)


def missing(run: SyncRun, model: type[SyncedModel]) -> QuerySet[SyncedModel]:
    """The rows of the stream that no sighting of this reading or a later one names."""
    table = model._meta.db_table
    unmet = (
        f'SELECT external_id FROM "{table}" WHERE stream_id = %s AND deleted_at IS NULL '  # noqa: S608 - our own names
        f'EXCEPT SELECT item.value FROM "{Sighting._meta.db_table}" AS met, {_unnested()} AS item '
        "WHERE met.stream_id = %s AND met.reading >= %s"
    )
    # As an array it is worked out once; PostgreSQL, which knows little of tables just filled, would else do so for each row.
    among = f"= ANY(ARRAY({unmet}))" if connection.vendor == "postgresql" else f"IN ({unmet})"
    known = [run.stream_id, run.stream_id, _oldest_that_counts(run)]
    is_unmet = RawSQL(f'"{table}".external_id {among}', known, output_field=BooleanField())  # noqa: S611 - as above
    return alive(run, model).filter(is_unmet)


def came_twice(run: SyncRun, model: type[SyncedModel]) -> int:
    """How many of the items that a reading of everything met it had met before, and nothing explains that.

    An item that changes while the list is read may well come again, where lists are in the order of changes; not where
    others of the declared total are missing. Items without an id are not told from one another.
    """
    if errors_of_reading(run).filter(external_id="").exists():
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT COUNT(*), COUNT(DISTINCT item.value) FROM "{Sighting._meta.db_table}" AS met, {_unnested()} AS item '  # noqa: S608 - our own names
            "WHERE met.stream_id = %s AND met.reading = %s",
            [run.stream_id, run.reading],
        )
        met, different = cursor.fetchone()
    twice = int(met - different)
    if not twice or different < (run.total or 0):
        return twice
    began = (run.reading_since or run.created_at) - timedelta(seconds=run.stream.lag_seconds)
    moved = alive(run, model).filter(source_modified_at__gte=began).count()
    return max(0, twice - moved)


def _unnested() -> str:
    """Each id of a sighting."""
    return "jsonb_array_elements_text(met.ids)" if connection.vendor == "postgresql" else "json_each(met.ids)"


def sweep(run: SyncRun, model: type[SyncedModel]) -> Swept:
    """Mark the rows of the stream that a reading of everything did not meet; call it at its end, in a transaction."""
    unseen = missing(run, model)
    count = unseen.count()
    if not count:
        return Swept()
    if doubt := doubt_of(run):
        return Swept(withheld=count, warning=doubt)
    if found := too_many(run, model, count):
        question = (
            f"{found} None is marked as gone until somebody approves it. Look at the list and at the source first."
        )
        return Swept(withheld=count, warning=question, asks=True)
    return Swept(deleted=mark(run, model, list(unseen.values_list("external_id", flat=True))))


def forget(run: SyncRun) -> None:
    """Drop the sightings of readings before this one, which has read everything: nobody looks further back."""
    Sighting.objects.filter(stream_id=run.stream_id, reading__lt=run.reading).delete()


def alive(run: SyncRun, model: type[SyncedModel]) -> QuerySet[SyncedModel]:
    """The rows of the stream that are not marked as gone."""
    return model._default_manager.filter(stream=run.stream, deleted_at=None)


def _oldest_that_counts(run: SyncRun) -> int:
    """The reading before which a row must have been met last to be gone.

    Where something was odd (rows moved while they were read), one reading may have missed a row that is there;
    then the row must be missing from two of them. Where nothing came at all, somebody is asked anyhow.
    """
    if not run.warnings or not run.carried + run.items:
        return run.reading
    earlier = run.stream.runs.filter(
        pk__lt=run.reading, mode=SyncRun.Mode.FULL, state__in=SyncRun.READ_TO_THE_END
    ).first()
    return earlier.reading if earlier else 0


def errors_of_reading(run: SyncRun) -> QuerySet[RecordError]:
    """What could not be used, also by the runs that this one goes on with."""
    runs = run.stream.runs.filter(Q(pk=run.reading) | Q(pass_of=run.reading))
    return RecordError.objects.filter(run__in=runs)


def doubt_of(run: SyncRun) -> str:
    """Why nobody can tell which rows are missing; empty where it is certain."""
    if run.total is not None and run.carried + run.items < run.total:
        return "Not everything came, so that nobody can tell which rows are missing: none was marked as gone."
    rejected = Change.objects.filter(run=run, planned=True, kind=Change.Kind.REJECTED)
    found = rejected if run.mode == SyncRun.Mode.PREVIEW else errors_of_reading(run)
    nameless = found.filter(external_id="").count()
    if not nameless:
        return ""
    return (
        f"{nameless:,} of the items came without an id, so that nobody can tell which rows are missing: none was marked "
        "as gone. Mend the ids at the source or correct the path of the id in the service's options, then sync again."
    )


def too_many(run: SyncRun, model: type[SyncedModel], count: int) -> str:
    """The sentence that says so, where more rows are missing than may be marked without asking; else nothing."""
    stream, read, rows = run.stream, run.carried + run.items, alive(run, model).count()
    if run.may_delete is not None and count <= run.may_delete:
        return ""
    if not read:
        return f"Nothing came, though {rows:,} rows were copied before."
    if count * 100 > stream.guard_percent * rows or count > stream.guard_rows:
        limit = f"{stream.guard_percent} % or {stream.guard_rows:,} rows"
        return f"{count:,} of {rows:,} rows did not come any more. That is more than {limit}."
    return ""


def mark(run: SyncRun, model: type[SyncedModel], ids: Sequence[str]) -> int:
    """Mark those rows that are not marked yet and note each; how many those were."""
    marked, now = 0, timezone.now()
    for begin in range(0, len(ids), AT_ONCE):
        rows = alive(run, model).filter(external_id__in=ids[begin : begin + AT_ONCE])
        found = list(rows.order_by("pk").values_list("pk", "external_id"))
        Change.objects.bulk_create(_change(run, model, *each) for each in found)
        chosen = model._default_manager.filter(pk__in=[pk for pk, _id in found])
        marked += chosen.update(deleted_at=now, synced_at=now, last_run=run)
    return marked


def marked(run: SyncRun) -> list[QuerySet[SyncedModel]]:
    """The rows that this run marked and that still are, by table."""
    return [
        model._default_manager.filter(last_run=run, deleted_at__isnull=False) for model in SyncedModel.__subclasses__()
    ]


def restore(rows: QuerySet[SyncedModel], actor: User | None) -> int:
    """Take the mark from these rows and note it for each, in batches; how many were marked."""
    restored = 0
    while count := _restore_some(rows.filter(deleted_at__isnull=False), actor):
        restored += count
    return restored


@transaction.atomic
def _restore_some(rows: QuerySet[SyncedModel], actor: User | None) -> int:
    # Locked, so that of two who press at once one restores a row.
    locked = rows.select_for_update().order_by("pk")
    found = list(locked.values_list("pk", "external_id", "last_run_id")[:AT_ONCE])
    common = {"model": rows.model.__name__, "kind": Change.Kind.RESTORED, "actor": actor}
    Change.objects.bulk_create(
        Change(run_id=run, object_id=pk, external_id=external_id, **common) for pk, external_id, run in found
    )
    chosen = rows.model._default_manager.filter(pk__in=[pk for pk, *_ in found])
    return chosen.update(deleted_at=None, synced_at=timezone.now())


def _change(run: SyncRun, model: type[SyncedModel], pk: int, external_id: str) -> Change:
    return Change(
        run=run, model=model.__name__, object_id=pk, external_id=external_id, kind=Change.Kind.DELETED, diff={}
    )
