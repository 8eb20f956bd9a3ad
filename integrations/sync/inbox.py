"""The error inbox: one row for each item that cannot be used, however many runs meet it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from integrations.models import RecordError, SyncRun
from integrations.sync.storable import storable
from integrations.systems.base import BadItem, Item

State = RecordError.State
OPEN: dict[str, Any] = {"state": State.OPEN, "decided_by": "", "decided_at": None, "decision": ""}


def note(run: SyncRun, items: Sequence[BadItem]) -> int:
    """Write down what cannot be used; how many of the items are to be skipped for ever. Call it inside a transaction."""
    if not items:
        return 0
    run.has_unresolved = True
    found = {key_of(item): item for item in items}
    known = {error.key: error for error in RecordError.objects.filter(stream=run.stream_id, key__in=found)}
    rows = [_row(run, key, item, known.get(key)) for key, item in found.items()]
    RecordError.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["stream", "key"],
        update_fields=["run", "field", "reason", "raw", "met", "met_at"],
    )
    # Not with the rest: what somebody skips in this moment stays skipped.
    RecordError.objects.filter(stream=run.stream_id, key__in=found, state=State.RESOLVED).update(**OPEN)
    return sum(key_of(item) in known and known[key_of(item)].state == State.SKIPPED for item in items)


def skipped(run: SyncRun, items: Sequence[BadItem]) -> int:
    """How many of the items staff said to skip for ever."""
    keys = [key_of(item) for item in items]
    chosen = RecordError.objects.filter(stream=run.stream_id, key__in=keys, state=State.SKIPPED)
    return sum(map(keys.count, chosen.values_list("key", flat=True)))


def resolve(run: SyncRun, external_ids: Iterable[str]) -> None:
    """These items could be used now. Call it inside a transaction."""
    if run.has_unresolved:  # mostly there are none, and then nobody has to work out the keys
        keys = [_digest(each) for each in external_ids]
        unresolved = RecordError.objects.filter(stream=run.stream_id).exclude(state=State.RESOLVED)
        unresolved.filter(key__among=keys).update(state=State.RESOLVED)


def close(run: SyncRun, errors: QuerySet[RecordError]) -> None:
    """These items are not at the source any more, and so no longer anybody's task."""
    errors.update(
        state=State.RESOLVED, decided_at=timezone.now(), decision=f"It did not come any more with run {run.pk}."
    )


def _row(run: SyncRun, key: str, item: BadItem, before: RecordError | None) -> RecordError:
    return RecordError(
        stream_id=run.stream_id,
        run=run,
        key=key,
        external_id=storable(item.external_id)[:255],
        field=storable(item.field)[:100],
        reason=storable(item.reason),
        raw=storable(item.raw),
        met=before.met + 1 if before else 1,
        met_at=timezone.now(),
    )


def key_of(item: BadItem | Item) -> str:
    """Of the id; where there is none, of what came."""
    return _digest(item.external_id) if item.external_id else key_of_raw(item)


def key_of_raw(item: BadItem | Item) -> str:
    """What an item that has an id now is called in the inbox if it came without one before."""
    return _digest(json.dumps(storable(item.raw), sort_keys=True, default=str))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
