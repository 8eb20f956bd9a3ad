"""One page of items -> rows: compared by content hash, written in bulk, each difference noted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from integrations.models import Change, RecordError, SyncedModel, SyncRun
from integrations.sync.storable import is_storable, storable
from integrations.systems.base import BadItem, Item

DIFF_CHARS = 2000
NOT_STORABLE = "Holds characters or numbers that no database can store."


@dataclass(frozen=True)
class Counts:
    """What became of the items of a page; named as the run's columns."""

    items: int
    created: int
    updated: int
    unchanged: int
    rejected: int


def upsert(run: SyncRun, model: type[SyncedModel], items: Sequence[Item | BadItem]) -> Counts:
    """Write what is new or differs; touch nothing else. Call it inside a transaction."""
    rows, raws, bad = _build(run, model, items)
    known = {row.external_id: row for row in _known(run, model, rows)}
    new = [row for row in rows.values() if row.external_id not in known]
    changed = [row for row in rows.values() if _differs(row, known.get(row.external_id))]
    good, unfit = _valid([*new, *changed], raws)
    _save(model, good)
    Change.objects.bulk_create([_change(run, model, row, known.get(row.external_id)) for row in good])
    RecordError.objects.bulk_create([_error(run, item) for item in [*bad, *unfit]])
    updated = sum(row.external_id in known for row in good)
    return Counts(
        items=len(items),
        created=len(good) - updated,
        updated=updated,
        unchanged=len(items) - len(good) - len(bad) - len(unfit),
        rejected=len(bad) + len(unfit),
    )


def _build(
    run: SyncRun, model: type[SyncedModel], items: Iterable[Item | BadItem]
) -> tuple[dict[str, SyncedModel], dict[str, Any], list[BadItem]]:
    """Rows and what the vendor sent by id, the last where an id comes twice; and what is no item at all."""
    rows: dict[str, SyncedModel] = {}
    raws: dict[str, Any] = {}
    bad = []
    for item in items:
        if isinstance(item, BadItem):
            bad.append(item)
        elif not is_storable(item.external_id):  # cannot even be looked for
            bad.append(BadItem(item.external_id, "external_id", NOT_STORABLE, item.raw))
        else:
            rows[item.external_id], raws[item.external_id] = _row(run, model, item), item.raw
    return rows, raws, bad


def _row(run: SyncRun, model: type[SyncedModel], item: Item) -> SyncedModel:
    return model(
        service_id=run.stream.service_id,
        stream=run.stream,
        external_id=item.external_id,
        content_hash=content_hash(item.fields),
        first_run=run,
        last_run=run,
        synced_at=timezone.now(),
        **item.fields,
    )


def content_hash(fields: Mapping[str, Any]) -> str:
    """SHA-256 of the fields, the same whatever their order."""
    text = json.dumps(fields, sort_keys=True, cls=DjangoJSONEncoder)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _known(run: SyncRun, model: type[SyncedModel], rows: Mapping[str, SyncedModel]) -> Iterable[SyncedModel]:
    # The whole row, since most pages change nothing or little; the diff needs the values before.
    return model._default_manager.filter(service_id=run.stream.service_id, external_id__in=rows)


def _differs(row: SyncedModel, before: SyncedModel | None) -> bool:
    if before is None:
        return False
    return row.content_hash != before.content_hash or before.deleted_at is not None


def _valid(rows: Iterable[SyncedModel], raws: Mapping[str, Any]) -> tuple[list[SyncedModel], list[BadItem]]:
    good, unfit = [], []
    for row in rows:
        problem = _problem(row)
        if problem:
            unfit.append(BadItem(row.external_id, *problem, raws[row.external_id] or _raw(row)))
        else:
            good.append(row)
    return good, unfit


def _problem(row: SyncedModel) -> tuple[str, str] | None:
    """The first field the database or the admin could not hold, and why."""
    ours = {"service", "stream", "first_run", "last_run"}
    try:
        row.clean_fields(exclude=ours)
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        return field, " ".join(messages)
    found = ((name, _unfit(row, name)) for name in row.synced_fields)
    return next(((name, reason) for name, reason in found if reason), None)


def _unfit(row: SyncedModel, name: str) -> str:
    """Why no database could hold this value, though Django finds nothing wrong with it."""
    value = getattr(row, name)
    if value is None:
        return "" if row._meta.get_field(name).null else "There is no value."
    if isinstance(value, datetime):
        return "" if _in_utc(value) else "No database knows a moment so far away."
    return "" if is_storable(value) else NOT_STORABLE


def _in_utc(moment: datetime) -> bool:
    try:
        moment.astimezone(UTC)
    except OverflowError:
        return False
    return True


def _raw(row: SyncedModel) -> dict[str, str]:
    return {name: str(getattr(row, name))[:DIFF_CHARS] for name in row.synced_fields}


def _save(model: type[SyncedModel], rows: list[SyncedModel]) -> None:
    written = [*model.synced_fields, "content_hash", "stream", "last_run", "synced_at", "deleted_at"]
    model._default_manager.bulk_create(
        rows, update_conflicts=True, unique_fields=["service", "external_id"], update_fields=written
    )


def _change(run: SyncRun, model: type[SyncedModel], row: SyncedModel, before: SyncedModel | None) -> Change:
    return Change(
        run=run,
        model=model.__name__,
        object_id=row.pk,
        external_id=row.external_id,
        kind=Change.Kind.UPDATED if before else Change.Kind.CREATED,
        diff=_diff(before, row) if before else {},
    )


def _diff(before: SyncedModel, after: SyncedModel) -> dict[str, list[str]]:
    # The values are compared and not what is shown of them, which is cut and knows the time zone.
    pairs = {name: (getattr(before, name), getattr(after, name)) for name in after.synced_fields}
    return {name: [_shown(old), _shown(new)] for name, (old, new) in pairs.items() if old != new}


def _shown(value: object) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
    return text if len(text) <= DIFF_CHARS else f"{text[:DIFF_CHARS]}… ({len(text):,} characters)"


def _error(run: SyncRun, item: BadItem) -> RecordError:
    return RecordError(
        run=run,
        external_id=storable(item.external_id)[:255],
        field=storable(item.field)[:100],
        reason=storable(item.reason),
        raw=storable(item.raw),
    )
