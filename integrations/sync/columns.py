"""What items bring for the columns of a table: as JSON to compare, cleaned to write.

A sync does this for every field of every item, so what can be known beforehand is made ready once for each table.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from functools import cache
from json.encoder import encode_basestring_ascii
from typing import Any

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.core.validators import MaxLengthValidator
from django.db import models

from integrations import json_text
from integrations.models import SyncedModel
from integrations.sync.storable import BACKSLASH, is_storable, is_storable_json
from integrations.systems.base import Item

NOT_STORABLE = "Holds characters or numbers that no database can store."
_lenient = DjangoJSONEncoder(sort_keys=True).encode

Texts = Mapping[str, bytes]


class Unfit(Exception):
    """A value that its column cannot hold.

    Attributes:
        field: its name; the text says why.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


@dataclass(frozen=True)
class Found(Item):
    """An item with its fields as JSON, and the hash of them."""

    texts: Texts = field(kw_only=True)
    content_hash: str = field(kw_only=True)


@dataclass(frozen=True)
class Fit:
    """An item whose values its columns can hold.

    Attributes:
        values: by column that items fill.
        texts: the same as JSON.
    """

    found: Found
    values: Mapping[str, Any]
    texts: Texts


@dataclass(frozen=True)
class Column:
    """One field of a table, made ready.

    Attributes:
        label: its name as it stands before a value in JSON.
        is_json: the column itself holds JSON.
        longest: of a column that takes any text up to so many characters; 0 where there is more to ask.
        plain: the kind of value that such a column takes whatever it is, if there is anything in it.
    """

    field: models.Field[Any, Any]
    label: bytes
    is_json: bool
    longest: int = 0
    plain: type | None = None

    def clean(self, value: Any, text: bytes) -> Any:
        """The value as the column takes it.

        Args:
            text: the same as JSON.

        Raises:
            Unfit: neither the admin nor a database could hold it.
        """
        if self._fits(value, text):
            return value
        if not (self.field.blank and value in self.field.empty_values):
            value = self._validated(value, text)
        if reason := self._problem(value, text):
            raise Unfit(self.field.name, reason)
        return value

    def _fits(self, value: Any, text: bytes) -> bool:
        """Whether there is nothing to ask the field or the database, which takes longer to say so; mostly there is not."""
        if type(value) is str:
            return 0 < len(value) <= self.longest and BACKSLASH not in text  # what no database can store is an escape
        if type(value) is not self.plain or not value or not text:
            return False
        return MINYEAR < value.year < MAXYEAR if isinstance(value, datetime) else is_storable_json(text)

    def _validated(self, value: Any, text: bytes) -> Any:
        try:
            if not self.is_json:
                return self.field.clean(value, None)
            # JSONField's own would write the JSON once more to see whether it can.
            models.Field.validate(self.field, value, None)
        except ValidationError as error:
            raise Unfit(self.field.name, " ".join(error.messages)) from None
        if not text:
            raise Unfit(self.field.name, "Value must be valid JSON.")
        return value

    def _problem(self, value: Any, text: bytes) -> str:
        """Why no database could hold this value, though Django finds nothing wrong with it."""
        if value is None:
            return "" if self.field.null else "There is no value."
        if isinstance(value, datetime):
            return "" if _in_utc(value) else "No database knows a moment so far away."
        return "" if is_storable_json(text) or is_storable(value) else NOT_STORABLE


def _in_utc(moment: datetime) -> bool:
    try:
        moment.astimezone(UTC)
    except OverflowError:
        return False
    return True


@cache
def columns_of(model: type[SyncedModel]) -> dict[str, Column]:
    """Those that items fill, by name, in the order in which their problems are told."""
    fields = {name: model._meta.get_field(name) for name in ("external_id", *model.synced_fields)}
    return {
        name: Column(field, _label(name), isinstance(field, models.JSONField), _longest(field), _plain(field))
        for name, field in fields.items()
        if isinstance(field, models.Field)
    }


def _label(name: str) -> bytes:
    return f'"{name}": '.encode()


def _longest(field: models.Field[Any, Any]) -> int:
    if type(field) not in {models.CharField, models.TextField} or field.choices:
        return 0
    is_plain = all(isinstance(each, MaxLengthValidator) for each in field.validators)
    return (field.max_length or sys.maxsize) if is_plain else 0


def _plain(field: models.Field[Any, Any]) -> type | None:
    if field.choices or field.validators:
        return None
    return {models.JSONField: dict, models.DateTimeField: datetime}.get(type(field))


def found(model: type[SyncedModel], item: Item) -> Found:
    """The item with what it is compared by, which is worked out once.

    Raises:
        TypeError: the table has no such field.
    """
    if isinstance(item, Found):
        return item
    texts = _texts(model, item.fields)
    content_hash = hashlib.sha256(b"{%b}" % members(model, texts)).hexdigest()
    return Found(item.external_id, item.fields, item.raw, texts=texts, content_hash=content_hash)


def _texts(model: type[SyncedModel], fields: Mapping[str, Any]) -> Texts:
    """Each field as JSON, the same for the same value whatever its order; empty where it must be JSON and is none."""
    columns = columns_of(model)
    if not fields.keys() <= columns.keys():
        raise TypeError(f"{model.__name__} has no {', '.join(sorted(fields.keys() - columns.keys()))}.")
    return {name: _json(fields[name], strict=columns[name].is_json) for name in sorted(fields)}


def _json(value: Any, *, strict: bool) -> bytes:
    if isinstance(value, str):
        return encode_basestring_ascii(value).encode()
    if isinstance(value, datetime) and not strict:
        return f'"{value.isoformat()}"'.encode()  # to the microsecond, which Django's encoder drops
    if not strict:
        return b"null" if value is None else _lenient(value).encode()
    try:
        return json_text.dumps(value)
    except (TypeError, ValueError, RecursionError):
        return b""


def members(model: type[SyncedModel], texts: Texts) -> bytes:
    """The fields as they stand between the braces of a JSON object."""
    columns = columns_of(model)
    return b", ".join([columns[name].label + text for name, text in texts.items()])


def fitted(model: type[SyncedModel], item: Found) -> Fit:
    """Every column that items fill with its value, or with its default where the item has none.

    Raises:
        Unfit: of the first that its column cannot hold.
    """
    given = {"external_id": item.external_id, **item.fields}
    values, texts = {}, {}
    for name, column in columns_of(model).items():
        value = given[name] if name in given else column.field.get_default()
        text = item.texts.get(name) or _json(value, strict=column.is_json)
        values[name] = clean = column.clean(value, text)
        texts[name] = text if clean is value else _json(clean, strict=column.is_json)
    return Fit(item, values, texts)
