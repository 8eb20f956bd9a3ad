"""Articles of a CMS as items for the Essay table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from integrations.systems.base import BadItem, Item, Options, Page, Position
from integrations.systems.cms.client import Client
from integrations.systems.paths import at
from integrations.systems.stamps import parse_stamp

TEXTS = ("title", "slug", "body", "author", "url")
STAMPS = {"published": "published_at", "modified": "source_modified_at"}


def articles(client: Client, position: Position) -> Iterator[Page]:
    """Every article; the position is the walk's own."""
    for batch in client.list_articles(position):
        items = [_item(raw, client.options) for raw in batch.items]
        yield Page(items, batch.position, batch.total, batch.remark)


def _item(raw: Any, options: Options) -> Item | BadItem:
    external_id = _text(raw, options["id_path"])
    if not external_id:
        reason = f"There is no value at “{options['id_path']}”. Correct the path of the id in the service's options."
        return BadItem("", "id", reason, raw)
    fields: dict[str, Any] = {name: _text(raw, options[f"{name}_path"]) for name in TEXTS}
    fields |= {field: parse_stamp(_text(raw, options[f"{name}_path"])) for name, field in STAMPS.items()}
    return Item(external_id, fields, raw)


def _text(raw: Any, path: str | None) -> str:
    found = at(path, raw)
    return "" if found is None else str(found)
