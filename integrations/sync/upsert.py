"""A batch of items -> rows: compared by content hash, written in bulk, each difference noted.

What comes for the first time is written without a note: its row says with which run it came.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from integrations.models import Change, SyncedModel, SyncRun
from integrations.sync import inbox, writing
from integrations.sync.columns import NOT_STORABLE, Fit, Found, Unfit, fitted, found
from integrations.sync.differing import DIFF_CHARS, diff_of
from integrations.sync.known import hashes
from integrations.sync.storable import is_storable
from integrations.systems.base import BadItem, Item


@dataclass(frozen=True)
class Counts:
    """What became of the items of a batch; named as the run's columns."""

    items: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    skipped: int


@dataclass(frozen=True)
class Compared:
    """The items of a batch beside the rows of ours.

    Attributes:
        new: those that have no row.
        changed: those whose row holds something else, or is marked as gone.
        bad: items that cannot be used.
        usable: the ids of all others.
    """

    new: Sequence[Fit]
    changed: Sequence[Fit]
    bad: Sequence[BadItem]
    usable: frozenset[str]


def compare(run: SyncRun, model: type[SyncedModel], items: Sequence[Item | BadItem]) -> Compared:
    """What would be written of these items; writes nothing."""
    came, bad = _sift(model, items)
    known = hashes(run, model, [each.external_id for each in came])
    differing = [each for each in came if known.get(each.external_id) != each.content_hash]
    good, unfit = _fitting(model, differing)
    return Compared(
        new=[each for each in good if each.found.external_id not in known],
        changed=[each for each in good if each.found.external_id in known],
        bad=[*bad, *unfit],
        usable=frozenset(each.external_id for each in came) - {item.external_id for item in unfit},
    )


def upsert(run: SyncRun, model: type[SyncedModel], items: Sequence[Item | BadItem]) -> Counts:
    """Write what is new or differs; touch nothing else. Call it inside a transaction."""
    compared = compare(run, model, items)
    _create(run, model, compared.new)
    _update(run, model, compared.changed)
    skipped = inbox.note(run, compared.bad)
    inbox.resolve(run, compared.usable)
    created, updated = len(compared.new), len(compared.changed)
    return Counts(
        items=len(items),
        created=created,
        updated=updated,
        unchanged=len(items) - created - updated - len(compared.bad),
        rejected=len(compared.bad) - skipped,
        skipped=skipped,
    )


def _sift(model: type[SyncedModel], items: Iterable[Item | BadItem]) -> tuple[list[Found], list[BadItem]]:
    """The items, of those with the same id the last; and what is no item at all."""
    last: dict[str, Item] = {}
    bad = []
    for item in items:
        if isinstance(item, BadItem):
            bad.append(item)
        elif not is_storable(item.external_id):  # cannot even be looked for
            bad.append(BadItem(item.external_id, "external_id", NOT_STORABLE, item.raw))
        else:
            last[item.external_id] = item
    return [found(model, item) for item in last.values()], bad


def _fitting(model: type[SyncedModel], differing: Iterable[Found]) -> tuple[list[Fit], list[BadItem]]:
    good, unfit = [], []
    for item in differing:
        try:
            good.append(fitted(model, item))
        except Unfit as error:
            unfit.append(BadItem(item.external_id, error.field, str(error), item.raw or _raw(item)))
    return good, unfit


def _raw(item: Item) -> dict[str, str]:
    return {name: str(value)[:DIFF_CHARS] for name, value in item.fields.items()}


def _create(run: SyncRun, model: type[SyncedModel], new: Sequence[Fit]) -> None:
    """Insert what is not there; what another run has inserted meanwhile is written over."""
    if new and writing.insert(model, _stamps(run), new) < len(new):
        _save(model, [row_of(run, model, each) for each in new])


def _stamps(run: SyncRun) -> dict[str, Any]:
    """What every row has that this run writes."""
    return {
        "service_id": run.stream.service_id,
        "stream_id": run.stream_id,
        "first_run_id": run.pk,
        "last_run_id": run.pk,
        "synced_at": timezone.now(),
    }


def _update(run: SyncRun, model: type[SyncedModel], changed: Sequence[Fit]) -> None:
    pairs = before_and_after(run, model, changed)
    _save(model, [after for _before, after in pairs])
    Change.objects.bulk_create([_change(run, model, *pair) for pair in pairs])


def before_and_after(
    run: SyncRun, model: type[SyncedModel], changed: Sequence[Fit]
) -> list[tuple[SyncedModel, SyncedModel]]:
    """Of each the row as it is, and as it would be."""
    if not changed:
        return []
    ids = [each.found.external_id for each in changed]
    rows = model._default_manager.filter(service_id=run.stream.service_id, external_id__among=ids)
    before = {row.external_id: row for row in rows}
    pairs = [(before[each.found.external_id], row_of(run, model, each)) for each in changed]
    for old, new in pairs:
        new.keep_found(old)
    return pairs


def row_of(run: SyncRun, model: type[SyncedModel], fit: Fit) -> SyncedModel:
    """The row as this run would write it."""
    return model(content_hash=fit.found.content_hash, **_stamps(run), **fit.values)


def _save(model: type[SyncedModel], rows: Sequence[SyncedModel]) -> None:
    written = [
        *model.synced_fields,
        *model.found_fields,
        "content_hash",
        "stream",
        "last_run",
        "synced_at",
        "deleted_at",
    ]
    model._default_manager.bulk_create(
        rows, update_conflicts=True, unique_fields=["service", "external_id"], update_fields=written
    )


def _change(run: SyncRun, model: type[SyncedModel], before: SyncedModel, after: SyncedModel) -> Change:
    return Change(
        run=run,
        model=model.__name__,
        object_id=before.pk,
        external_id=after.external_id,
        kind=kind_of(before),
        diff=diff_of(before, after),
    )


def kind_of(before: SyncedModel | None) -> Change.Kind:
    """What becomes of a row that is to be written."""
    if before is None:
        return Change.Kind.CREATED
    return Change.Kind.RESTORED if before.deleted_at else Change.Kind.UPDATED
