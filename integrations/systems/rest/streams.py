"""Items of any list for the Record, Essay and Property tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from integrations.systems.base import BadItem, Item, Options, Page, Position
from integrations.systems.rest.client import Client
from integrations.systems.rest.mapping import LABELS, Mapped, Unfit
from integrations.systems.rest_list import doubt
from integrations.transport.codes import Code
from integrations.transport.errors import CallError

LONGEST_TITLE = 255  # the whole text is in the data
ESSAY = ("slug", "body", "author", "url")
ADDRESS = {"parcel_id": "parcel", "address": "address", "city": "city", "postal_code": "postal_code"}

Fields = Callable[[Mapped], Mapping[str, Any]]


def records(client: Client, position: Position) -> Iterator[Page]:
    """Every item as it came, with a title; the position is the walk's own."""
    return _pages(client, position, _record)


def essays(client: Client, position: Position) -> Iterator[Page]:
    """The same as texts.

    Raises:
        CallError: the options do not say where the title is.
    """
    _demand(client.options, "title_path")
    return _pages(client, position, _essay)


def properties(client: Client, position: Position) -> Iterator[Page]:
    """The same as parcels of land.

    Raises:
        CallError: the options say neither where the parcel is nor where its address is.
    """
    _demand(client.options, "parcel_path", "address_path")
    return _pages(client, position, _property)


def _demand(options: Options, *names: str) -> None:
    if not any(options[name] for name in names):
        labels = " or ".join(f"“{LABELS[name]}”" for name in names)
        raise CallError(Code.NOT_SENDABLE, f"Enter {labels} in the options of the service first.")


def _pages(client: Client, position: Position, fields: Fields) -> Iterator[Page]:
    for batch in client.list_items(position):
        items = [_item(raw, client.options, fields) for raw in batch.items]
        yield Page(items, batch.position, batch.total, batch.remark or doubt(batch, client.options))


def _item(raw: Any, options: Options, fields: Fields) -> Item | BadItem:
    mapped, external_id = Mapped(raw, options), ""
    try:
        external_id = mapped.wanted("id")
        return Item(external_id, {**fields(mapped), "source_modified_at": mapped.moment("modified")}, raw)
    except Unfit as unfit:
        return BadItem(external_id, unfit.path, str(unfit), raw)


def _record(item: Mapped) -> Mapping[str, Any]:
    return {"title": item.text("title")[:LONGEST_TITLE], "data": item.data()}


def _essay(item: Mapped) -> Mapping[str, Any]:
    texts = {name: item.text(name) for name in ESSAY}
    return {"title": item.wanted("title"), **texts, "published_at": item.moment("published")}


def _property(item: Mapped) -> Mapping[str, Any]:
    texts = {field: item.text(name) for field, name in ADDRESS.items()}
    place = {axis: item.degrees(axis) for axis in ("latitude", "longitude")}
    return {**texts, **place, "data": item.data()}
