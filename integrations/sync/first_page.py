"""Looks at the first page of a reading before anything of it is written: does it still fit what was mapped?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from integrations.models import SyncedModel, SyncRun
from integrations.sync.differing import preview
from integrations.sync.failures import Unusable
from integrations.sync.storable import is_storable
from integrations.systems.base import BadItem, Gone, Item

LEAST = 5  # items; of fewer, chance could be the reason


def check(run: SyncRun, model: type[SyncedModel], items: Sequence[Item | BadItem | Gone]) -> None:
    """Let it pass, unless nothing of it can be used, or a field that rows here hold is empty all over it.

    Raises:
        Unusable: nothing was written.
    """
    sent = [item for item in items if not isinstance(item, Gone)]
    if len(sent) < LEAST:
        return
    _look_for_key(model, sent)
    if run.mode != SyncRun.Mode.PREVIEW:  # which shows it, and what was looked at may be applied
        _look_for_fields(run, model, [item for item in sent if isinstance(item, Item)])


def _look_for_key(model: type[SyncedModel], sent: Sequence[Item | BadItem]) -> None:
    first = preview(model, sent[0])
    if "reason" not in first or any(preview(model, item).get("field") != first["field"] for item in sent[1:]):
        return
    raise Unusable(
        "missing_key",
        f"None of the {len(sent):,} items of the first page can be used, each because of “{first['field']}”: "
        f"{first['reason']} Nothing was written. Correct the path of it in the service's options, then press “Retry”.",
    )


def _look_for_fields(run: SyncRun, model: type[SyncedModel], items: Sequence[Item]) -> None:
    new = {item.external_id: model(**item.fields) for item in items if is_storable(item.external_id)}
    empty = [name for name in model.synced_fields if all(_is_empty(row, name) for row in new.values())]
    if len(new) < LEAST or not empty:
        return
    known = list(model._default_manager.filter(service_id=run.stream.service_id, external_id__in=new))
    for row in known:
        new[row.external_id].keep_found(row)
    for name, held in _lost(known, new, empty):
        label = model._meta.get_field(name).verbose_name  # type: ignore[union-attr]
        raise Unusable(
            "missing_field",
            f"“{label}” is empty in all {len(new):,} items of the first page, though {held:,} of their rows here hold "
            "something in it. Nothing was written. Correct the path of it in the service's options, then press “Retry”; "
            "if the source has emptied it indeed, press “Preview sync” at the stream, and apply that plan.",
        )


def _lost(known: Sequence[SyncedModel], new: dict[str, SyncedModel], empty: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Fields that would be emptied, and in how many rows; not what the console itself found out and keeps."""
    for name in empty:
        held = sum(not _is_empty(row, name) and _is_empty(new[row.external_id], name) for row in known)
        if held >= LEAST:
            yield name, held


def _is_empty(row: SyncedModel, name: str) -> bool:
    return getattr(row, name) in (None, "", {}, [])
