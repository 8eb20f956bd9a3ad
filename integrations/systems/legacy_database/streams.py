"""Rows of the table as items for the Record table."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import Any

from integrations.systems.base import BadItem, Item, Page, Position
from integrations.systems.legacy_database.client import Client, TablePage
from integrations.systems.legacy_database.table import Kind
from integrations.systems.legacy_database.values import as_json, moment_of

LONGEST_TITLE = 255
LONGEST_KEY = 255


def rows(client: Client, position: Position) -> Iterator[Page]:
    """Every row in the order of its last change, or of its key where no such column is named.

    Named and without a zone, times are in the zone of the options; a column that is no time leaves out nothing.
    """
    titles = client.columns_of("title_columns")
    while True:
        page = client.read_page(position)
        if page.rows or page.remark:
            yield Page([_item(page, titles, row) for row in page.rows], page.position, None, page.remark)
        if page.is_last:
            return
        position = page.position


def _item(page: TablePage, titles: tuple[str, ...], values: Sequence[Any]) -> Item | BadItem:
    keyset = page.keyset
    row = dict(zip(keyset.table.columns, values, strict=True))
    data = {name: as_json(value) for name, value in row.items()}
    key = _key([data[name] for name in keyset.key])
    if not 0 < len(key) <= LONGEST_KEY:
        names = ", ".join(keyset.key)
        reason = f"The key “{names}” has {len(key)} characters; it needs 1 to {LONGEST_KEY}. Choose another key column."
        return BadItem(key[:LONGEST_KEY], names, reason, data)
    title = " ".join(str(data[name]) for name in titles if data[name] not in (None, ""))
    fields: dict[str, Any] = {"title": title[:LONGEST_TITLE], "data": data, "source_modified_at": None}
    if keyset.modified and keyset.table.columns[keyset.modified].kind is not Kind.NO_MOMENT:
        is_utc = keyset.table.columns[keyset.modified].kind is Kind.UTC
        fields["source_modified_at"] = moment_of(row[keyset.modified], UTC if is_utc else keyset.zone)
    return Item(key, fields, data)


def _key(values: list[Any]) -> str:
    """One value as it is; several as a list, which no value can be mistaken for."""
    return json.dumps(values, ensure_ascii=False) if len(values) > 1 else str(values[0])
