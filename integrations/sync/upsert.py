"""One page of items -> rows: compared by content hash, written in bulk, each difference noted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from integrations.models import Change, RecordError, SyncedModel, SyncRun
from integrations.systems.base import BadItem, Item

DIFF_CHARS = 2000


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
    rows, bad = _build(run, model, items)
    known = {row.external_id: row for row in _known(run, model, rows)}
    new = [row for row in rows.values() if row.external_id not in known]
    changed = [row for row in rows.values() if _differs(row, known.get(row.external_id))]
    good, unfit = _valid([*new, *changed])
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
) -> tuple[dict[str, SyncedModel], list[BadItem]]:
    """Rows by id, the last one where a page brings an id twice; and what is no item at all."""
    rows: dict[str, SyncedModel] = {}
    bad = []
    for item in items:
        if isinstance(item, BadItem):
            bad.append(item)
        else:
            rows[item.external_id] = _row(run, model, item)
    return rows, bad


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


def _valid(rows: Iterable[SyncedModel]) -> tuple[list[SyncedModel], list[BadItem]]:
    good, unfit = [], []
    for row in rows:
        problem = _problem(row)
        if problem:
            unfit.append(problem)
        else:
            good.append(row)
    return good, unfit


def _problem(row: SyncedModel) -> BadItem | None:
    """The first field the database or the admin could not hold."""
    ours = {"service", "stream", "first_run", "last_run"}
    try:
        row.clean_fields(exclude=ours)
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        return BadItem(row.external_id, field, " ".join(messages), _raw(row))
    for name in ("external_id", *row.synced_fields):
        value = getattr(row, name)
        if isinstance(value, str) and ("\x00" in value or not _encodes(value)):
            return BadItem(row.external_id, name, "Holds characters that no database can store as text.", None)
    return None


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
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
    pairs = {name: (_shown(getattr(before, name)), _shown(getattr(after, name))) for name in after.synced_fields}
    return {name: [old, new] for name, (old, new) in pairs.items() if old != new}


def _shown(value: object) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
    return text if len(text) <= DIFF_CHARS else f"{text[:DIFF_CHARS]}… ({len(text):,} characters)"


def _error(run: SyncRun, item: BadItem) -> RecordError:
    return RecordError(
        run=run, external_id=item.external_id[:255], field=item.field[:100], reason=item.reason, raw=item.raw
    )
