"""Records of a layout as items for the Record and the Property table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from integrations.systems.base import BadItem, Item, Options, Page, Position
from integrations.systems.filemaker.client import Client
from integrations.systems.filemaker.records import Record, record_of
from integrations.systems.stamps import parse_stamp
from integrations.transport.codes import Code
from integrations.transport.errors import CallError

LONGEST_TITLE = 255  # the whole text is in the data
ADDRESS = {"parcel_id": "parcel", "address": "address", "city": "city", "postal_code": "postal_code"}

Fields = Callable[[Record], Mapping[str, Any]]


class _NotThere(Exception):
    """A field that the options name is not in the record."""


def records(client: Client, position: Position) -> Iterator[Page]:
    """Every record of the layout; the position is the walk's own."""
    return _pages(client, position, partial(_record, client.options))


def properties(client: Client, position: Position) -> Iterator[Page]:
    """The same as parcels of land.

    Raises:
        CallError: the options name neither the field of the parcel nor that of the address.
    """
    if not (client.options["parcel_field"] or client.options["address_field"]):
        raise CallError(
            Code.NOT_SENDABLE, "Name the field of the parcel, or that of the address, in the options first."
        )
    return _pages(client, position, partial(_property, client.options))


def _pages(client: Client, position: Position, fields: Fields) -> Iterator[Page]:
    for batch in client.list_records(position):
        items = [_item(raw, fields) for raw in batch.items]
        yield Page(items, batch.position, batch.total, batch.remark)


def _item(raw: Any, fields: Fields) -> Item | BadItem:
    try:
        record = record_of(raw)
    except CallError as error:
        return BadItem("", "record", str(error), raw)
    try:
        return Item(record.record_id, fields(record), raw)
    except _NotThere as missing:
        reason = f"There is no field “{missing}” on the layout. Put it there, or correct the options of the service."
        return BadItem(record.record_id, str(missing), reason, raw)


def _record(options: Options, record: Record) -> Mapping[str, Any]:
    return {"title": _text(options, "title", record)[:LONGEST_TITLE], **_common(options, record)}


def _property(options: Options, record: Record) -> Mapping[str, Any]:
    return {field: _text(options, name, record) for field, name in ADDRESS.items()} | _common(options, record)


def _common(options: Options, record: Record) -> dict[str, Any]:
    return {
        "data": {"fieldData": record.fields, "portalData": record.portals},
        "source_modified_at": parse_stamp(_text(options, "modified", record)),
    }


def _text(options: Options, name: str, record: Record) -> str:
    """The value of the field that the options name; empty where they name none."""
    field = options[f"{name}_field"]
    if not field:
        return ""
    if field not in record.fields:
        raise _NotThere(field)
    value = record.fields[field]
    return "" if value is None else str(value)
