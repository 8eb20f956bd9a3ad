"""Rows of Salesforce as items for the Record table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from integrations.systems.base import BadItem, Gone, Item, Page, Position
from integrations.systems.salesforce.client import Client
from integrations.systems.stamps import parse_stamp

LONGEST_TITLE = 255
_ID = re.compile(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?")


def records(client: Client, position: Position) -> Iterator[Page]:
    """Every row of the object, or what changed; the position is the walk's own, and good for two days at Salesforce."""
    title_field = str(client.options["title_field"] or "").strip()
    since = parse_stamp(position.get("since"))
    kept = {"since": position["since"]} if since else {}
    for batch in client.list_changes(since, position) if since else client.list_records(position):
        items = [_item(row, title_field) for row in batch.items]
        yield Page(items, {**batch.position, **kept}, batch.total, batch.remark)


def _item(row: Any, title_field: str) -> Item | BadItem | Gone:
    row_id = row.get("Id") if isinstance(row, dict) else None
    if not isinstance(row_id, str) or not _ID.fullmatch(row_id):
        reason = "“Id” is no id of Salesforce: 18 letters and digits. Check that the base URL points at Salesforce."
        return BadItem("", "Id", reason, row)
    if row.get("IsDeleted") is True:
        return Gone(row_id, row)
    fields = {
        "title": _title(row, title_field),
        # Only a run that reads changes asks whether a row is deleted, which must not make two rows of one.
        "data": _without_attributes({key: value for key, value in row.items() if key != "IsDeleted"}),
        "source_modified_at": parse_stamp(row.get("SystemModstamp")),
    }
    return Item(row_id, fields, row)


def _title(row: Any, title_field: str) -> str:
    """Shortened to what the column holds; the whole text is among the data."""
    found = row
    for name in title_field.split(".") if title_field else ():
        found = _named(found, name)
    return "" if found is None or isinstance(found, dict) else str(found)[:LONGEST_TITLE]


def _named(row: Any, name: str) -> Any:
    """Salesforce answers in the spelling of the field, however the query spells it."""
    pairs = row.items() if isinstance(row, dict) else ()
    return next((value for key, value in pairs if key.lower() == name.lower()), None)


def _without_attributes(value: Any) -> Any:
    """The fields alone, in parents too: type and address of a row are not data."""
    if isinstance(value, dict):
        return {key: _without_attributes(item) for key, item in value.items() if key != "attributes"}
    return value
