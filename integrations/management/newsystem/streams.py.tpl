"""What is copied from $label."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

$imports


def things(client: Client, position: Position) -> Iterator[Page]:
    """Every thing; the position is the walk's own."""
    for batch in client.list_things(position):
        yield Page([_item(raw) for raw in batch.items], batch.position, batch.total, batch.remark)


def _item(raw: dict[str, Any]) -> Item:
    fields = {"title": str(raw.get("name") or ""), "data": raw, "source_modified_at": parse_stamp(raw.get("changed"))}
    return Item(str(raw["id"]), fields, raw)
