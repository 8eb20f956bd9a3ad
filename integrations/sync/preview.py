"""What a sync would do, written down as planned changes: neither rows nor the error inbox change.

What it met is noted beside the rows, as by every reading.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet

from integrations.models import Change, SyncedModel, SyncRun
from integrations.sync import gone, inbox
from integrations.sync.differing import diff_of
from integrations.sync.storable import storable
from integrations.sync.upsert import Compared, Counts, before_and_after, compare, kind_of, row_of
from integrations.systems.base import BadItem, Gone, Item

Kind = Change.Kind


def note(run: SyncRun, model: type[SyncedModel], items: Sequence[Item | BadItem | Gone]) -> tuple[Counts, int]:
    """Plan what a page would change, in place of what was planned of the same items; call it inside a transaction.

    Returns:
        The counts, and how many rows would be marked as gone; less than 0 where less is planned than before.
    """
    sent = {item.external_id: item for item in items if isinstance(item, Item)}
    found = compare(run, model, [item for item in items if not isinstance(item, Gone)])
    told = set(gone.told_ids(items))
    pairs: list[tuple[SyncedModel | None, SyncedModel]] = [(None, row_of(run, model, fit)) for fit in found.new]
    pairs += before_and_after(run, model, found.changed)
    doomed = gone.alive(run, model).filter(external_id__in=told)
    planned = _planned(run, found.usable | told)
    before = Counter(planned.values_list("kind", flat=True))
    planned.delete()
    gone.see(run, items)
    writes = (_write(run, model, *pair, sent) for pair in pairs if pair[1].external_id not in told)
    changes = [*writes, *_deletions(run, model, doomed)]
    # Of an item that is good on one page and bad on another, the good one is planned: that is what a sync would leave.
    Change.objects.bulk_create([*changes, *(_rejection(run, model, item) for item in found.bad)], ignore_conflicts=True)
    more = Counter(change.kind for change in changes)
    more.subtract(before)
    return _counts(run, items, found, more), more[Kind.DELETED]


def _counts(run: SyncRun, items: Sequence[Any], found: Compared, more: Counter[str]) -> Counts:
    read = sum(not isinstance(item, Gone) for item in items)
    skipped = inbox.skipped(run, found.bad)
    created, updated = more[Kind.CREATED], more[Kind.UPDATED] + more[Kind.RESTORED]
    return Counts(
        items=read,
        created=created,
        updated=updated,
        unchanged=read - created - updated - len(found.bad),
        rejected=len(found.bad) - skipped,
        skipped=skipped,
    )


def sweep(run: SyncRun, model: type[SyncedModel]) -> gone.Swept:
    """Plan that the rows which did not come are marked as gone, where that is certain; call it in a transaction."""
    told = Change.objects.filter(run=run, planned=True, kind=Kind.DELETED).values("external_id")
    unseen = gone.missing(run, model).exclude(external_id__in=told)
    count = unseen.count()
    if not count:
        return gone.Swept()
    if doubt := gone.doubt_of(run):
        return gone.Swept(withheld=count, warning=doubt)
    found = gone.too_many(run, model, count)
    made = _in_batches(_deletions(run, model, unseen))
    return gone.Swept(deleted=made, warning=f"{found} Who applies this plan approves that." if found else "")


def _in_batches(changes: Iterator[Change]) -> int:
    batch, made = [], 0
    for made, change in enumerate(changes, start=1):  # noqa: B007 - the last number is how many there were
        batch.append(change)
        if len(batch) == gone.AT_ONCE:
            Change.objects.bulk_create(batch)
            batch = []
    Change.objects.bulk_create(batch)
    return made


def state_of(row: SyncedModel | None) -> str:
    """What must be the same of a row when the plan is applied; empty where there is none."""
    if row is None:
        return ""
    return f"{'gone' if row.deleted_at else 'here'} {row.content_hash}"


def _planned(run: SyncRun, external_ids: Iterable[str]) -> QuerySet[Change]:
    return Change.objects.filter(run=run, planned=True, external_id__in=external_ids)


def _write(
    run: SyncRun, model: type[SyncedModel], before: SyncedModel | None, row: SyncedModel, sent: dict[str, Item]
) -> Change:
    return Change(
        run=run,
        planned=True,
        model=model.__name__,
        external_id=row.external_id,
        kind=kind_of(before),
        diff=diff_of(before, row),
        fields=as_text(sent[row.external_id]),
        before_hash=state_of(before),
    )


def _deletions(run: SyncRun, model: type[SyncedModel], rows: QuerySet[SyncedModel]) -> Iterator[Change]:
    for row in rows.only("external_id", "content_hash", "deleted_at").iterator(chunk_size=gone.AT_ONCE):
        yield Change(
            run=run,
            planned=True,
            model=model.__name__,
            external_id=row.external_id,
            kind=Kind.DELETED,
            before_hash=state_of(row),
        )


def _rejection(run: SyncRun, model: type[SyncedModel], item: BadItem) -> Change:
    return Change(
        run=run,
        planned=True,
        model=model.__name__,
        external_id=storable(item.external_id)[:255],
        kind=Kind.REJECTED,
        diff={storable(item.field): ["", storable(item.reason)]},
    )


class _Exact(DjangoJSONEncoder):
    """Django's cuts a moment to milliseconds."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if isinstance(o, datetime) else super().default(o)


def as_text(item: Item) -> str:
    """The fields of an item, so that `from_text` gives the same back."""
    return json.dumps(dict(item.fields), cls=_Exact)


def from_text(model: type[SyncedModel], change: Change) -> Item:
    """The item that was planned."""
    fields = json.loads(change.fields)
    for name, value in fields.items():
        if isinstance(value, str) and model._meta.get_field(name).get_internal_type() == "DateTimeField":
            fields[name] = datetime.fromisoformat(value)
    return Item(change.external_id, fields)
