"""Parcels of an assessor as items for the Property table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from integrations.systems.base import BadItem, Item, Options, Page, Position
from integrations.systems.places import AXES, degrees
from integrations.systems.tax_assessor import chosen
from integrations.systems.tax_assessor.client import Client
from integrations.systems.tax_assessor.soda import Row

TEXTS = ("address", "city", "postal_code")


def parcels(client: Client, position: Position) -> Iterator[Page]:
    """Every parcel; the position is the walk's own."""
    for batch in client.list_parcels(position):
        items = [_item(row, client.options) for row in batch.items]
        yield Page(items, batch.position, batch.total, batch.remark)


def _item(row: Row, options: Options) -> Item | BadItem:
    at = chosen.column(options, "parcels_parcel_column")
    written = _text(row.get(at))
    number = chosen.parcel_number(written, options)
    if number is None:
        what = f"“{written[:100]}” in the column “{at}” is no parcel number." if written else f"“{at}” is empty."
        reason = f"{what} Correct the options of the service, or leave such rows out with the filter of the parcels."
        return BadItem(_text(row.get(":id")), at, reason, dict(row))
    fields: dict[str, Any] = {name: _text(_value(row, options, name)) for name in TEXTS}
    fields |= {axis: degrees(_value(row, options, axis), axis) for axis in AXES}
    data = {name: value for name, value in row.items() if not name.startswith(":")}
    return Item(number, {"parcel_id": number, **fields, "data": data}, dict(row))


def _value(row: Row, options: Options, name: str) -> Any:
    column = chosen.optional_column(options, f"{name}_column")
    return row.get(column) if column else None


def _text(value: Any) -> str:
    """What is to be shown of it: nothing of a list, an object or a yes."""
    is_shown = isinstance(value, str | int | float) and not isinstance(value, bool)
    return str(value).strip() if is_shown else ""
