"""New rows in bulk: one prepared statement, for PostgreSQL with all of them as JSON, for SQLite with each in turn.

`bulk_create` makes an object of each row, adapts each value by asking its field, and sends all as the text of a
statement. Here what all rows have in common is sent once, and the JSON that every item was compared by is sent as it is.
PostgreSQL reads it once, as jsonb (as json three times, which takes as long as to read COPY), and writing COPY costs the
worker twice the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, models

from integrations import prepared
from integrations.models import SyncedModel
from integrations.sync.columns import Fit, columns_of, members

UNLESS_THERE = "ON CONFLICT DO NOTHING"
LONGEST = 16 * 1024 * 1024  # bytes of a statement; PostgreSQL takes 1 GB, and all of it is there at once

Fields = Sequence["models.Field[Any, Any]"]
Row = Mapping[str, Any]


def insert(model: type[SyncedModel], common: Row, rows: Sequence[Fit]) -> int:
    """Insert those that are not there, and how many that were. Columns that nobody names get their defaults.

    Args:
        common: what all of them have, by attribute name.
    """
    head = [_prepared(field, [common.get(field.attname, field.get_default())])[0] for field in _shared(model)]
    write = _together if connection.vendor == "postgresql" else _in_turn
    return write(model, head, rows)


@cache
def _own(model: type[SyncedModel]) -> Fields:
    names = {*columns_of(model), "content_hash"}
    return [field for field in model._meta.concrete_fields if field.attname in names]


@cache
def _shared(model: type[SyncedModel]) -> Fields:
    return [field for field in model._meta.concrete_fields if not field.primary_key and field not in _own(model)]


def _names(fields: Fields) -> str:
    return ", ".join(f'"{field.column}"' for field in fields)


@cache
def _into(model: type[SyncedModel]) -> str:
    return f'INSERT INTO "{model._meta.db_table}" ({_names(_shared(model))}, {_names(_own(model))})'


def _together(model: type[SyncedModel], head: Sequence[Any], rows: Iterable[Fit]) -> int:
    database, inserted = connections[DEFAULT_DB_ALIAS], 0
    with database.wrap_database_errors:
        for lines in _portions(_line(model, row) for row in rows):
            items = prepared.jsonb(b"[%b]" % b", ".join(lines))
            inserted += prepared.on_server(database, _from_json(model), [*head, items]).rowcount
    return inserted


def _portions(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Some at a time: mostly all, and one alone where it is that long."""
    portion: list[bytes] = []
    size = 0
    for line in lines:
        if portion and size + len(line) > LONGEST:
            yield portion
            portion, size = [], 0
        portion.append(line)
        size += len(line)
    yield portion


@cache
def _from_json(model: type[SyncedModel]) -> bytes:
    places = ", ".join(f"%s::{field.db_type(connection)}" for field in _shared(model))
    kinds = ", ".join(f'"{field.column}" {field.db_type(connection)}' for field in _own(model))
    items = f"jsonb_to_recordset(%s) AS item({kinds})"
    select = f"SELECT {places}, {_names(_own(model))} FROM {items}"  # noqa: S608 - our own names
    return f"{_into(model)} {select} {UNLESS_THERE}".encode()


def _line(model: type[SyncedModel], row: Fit) -> bytes:
    # A column is called as its field, which holds of all that items fill.
    return b'{%b, "content_hash": "%b"}' % (members(model, row.texts), row.found.content_hash.encode())


def _in_turn(model: type[SyncedModel], head: Sequence[Any], rows: Sequence[Fit]) -> int:
    places = ", ".join(["%s"] * (len(head) + len(_own(model))))
    columns = [_column(field, rows) for field in _own(model)]
    with connection.cursor() as cursor:
        lines = [(*head, *line) for line in zip(*columns, strict=True)]
        cursor.executemany(f"{_into(model)} VALUES ({places}) {UNLESS_THERE}", lines)
        return int(cursor.rowcount)


def _column(field: models.Field[Any, Any], rows: Iterable[Fit]) -> list[Any]:
    name = field.attname
    if name == "content_hash":
        return [row.found.content_hash for row in rows]
    if isinstance(field, models.JSONField):
        return [row.texts[name].decode() for row in rows]
    return _prepared(field, [row.values[name] for row in rows])


def _prepared(field: models.Field[Any, Any], values: Iterable[Any]) -> list[Any]:
    # Most values need nothing, and asking their field takes longer than sending them; so does `connection`, each time.
    database = connections[DEFAULT_DB_ALIAS]
    moment = database.ops.adapt_datetimefield_value

    def prepared_value(value: Any) -> Any:
        return moment(value) if isinstance(value, datetime) else field.get_db_prep_save(value, database)

    return [value if value is None or isinstance(value, str) else prepared_value(value) for value in values]
