"""Writes one call and its bodies as fast as they can be written durably.

`objects.create` spends most of its time on making the same SQL anew, and on PostgreSQL a transaction of
two statements is four round trips. Here the SQL is made once, and there it is a single statement.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from integrations import hurry, prepared
from integrations.models import Call, CallBody

Row = Mapping[str, Any]
Adapter = Callable[[Any], Any]


def insert(call: Row, body: Row | None, *, hurried: bool = False) -> None:
    """Both rows or none, committed when this returns. The columns are those of the tables, without the keys.

    Args:
        hurried: it need not be on the disk yet; the next commit that waits for the disk waits for this too.

    Raises:
        RuntimeError: inside a transaction.
    """
    database = connections[DEFAULT_DB_ALIAS]  # asked for once: `connection` looks it up at every use
    # Below Django's cursors and transactions, so what they would refuse is refused here.
    refused = transaction.atomic(durable=True) if database.in_atomic_block else nullcontext()
    database.ensure_connection()
    with refused, database.wrap_database_errors:
        if database.vendor == "postgresql":
            _insert_at_once(database, call, body, hurried=hurried)
        else:
            _insert_in_turn(database, call, body, hurried=hurried)


def _insert_at_once(database: BaseDatabaseWrapper, call: Row, body: Row | None, *, hurried: bool) -> None:
    values = _values(Call, call) + (_values(CallBody, body) if body is not None else [])
    statement = _statement(body is not None, hurried)
    # A statement alone is a transaction of its own; asking for one costs two more trips to the server.
    prepared.on_server(database, statement, values)


def _insert_in_turn(database: BaseDatabaseWrapper, call: Row, body: Row | None, *, hurried: bool) -> None:
    inside = database.in_atomic_block  # as only a test may be, since others were refused
    with hurry.on_sqlite(database) if hurried else nullcontext(), nullcontext() if inside else _transaction(database):
        database.connection.execute(_into(Call), _values(Call, call))
        if body is not None:
            database.connection.execute(_into(CallBody), _values(CallBody, body))


@contextmanager
def _transaction(database: BaseDatabaseWrapper) -> Iterator[None]:
    database.connection.execute("BEGIN IMMEDIATE")
    with database.connection:
        yield


@cache
def _statement(has_body: bool, hurried: bool) -> bytes:
    into = _into(Call) + (f" FROM ({hurry.ON_POSTGRESQL}) AS hurry" if hurried else "")
    return (f"WITH written AS ({into} RETURNING id) {_into(CallBody)} FROM written" if has_body else into).encode()


@cache
def _into(table: type[models.Model]) -> str:
    columns = ", ".join(f'"{field.column}"' for field in _fields(table))
    places = ", ".join(map(_place, _fields(table)))
    if table is Call:
        return f'INSERT INTO "{table._meta.db_table}" ({columns}) SELECT {places}'
    key = "id" if connection.vendor == "postgresql" else "last_insert_rowid()"
    return f'INSERT INTO "{table._meta.db_table}" (call_id, {columns}) SELECT {key}, {places}'


def _place(field: models.Field[Any, Any]) -> str:
    return f"%s::{field.db_type(connection)}" if connection.vendor == "postgresql" else "?"


@cache
def _fields(table: type[models.Model]) -> list[models.Field[Any, Any]]:
    return [field for field in table._meta.concrete_fields if not field.primary_key]


def _values(table: type[models.Model], row: Row) -> list[Any]:
    return [adapt(row[name]) for name, adapt in _adapters(table)]


@cache
def _adapters(table: type[models.Model]) -> list[tuple[str, Adapter]]:
    return [(field.attname, _adapter(field)) for field in _fields(table)]


def _adapter(field: models.Field[Any, Any]) -> Adapter:
    """What `get_db_prep_save` of the field would do, without asking again for each value what it is."""
    kind = getattr(field, "target_field", field).get_internal_type()
    if kind == "JSONField":
        return json.dumps
    if connection.vendor == "postgresql":
        # As text, whose type the statement says: with the types of the values it would be another one, and prepared
        # anew, for each size of a number and each value that is missing.
        return _as_text if field.null else str
    if kind == "UUIDField":
        return lambda value: value and value.hex
    if kind == "DateTimeField":
        return connection.ops.adapt_datetimefield_value
    # An Enum would be written by its name.
    return str if kind in {"CharField", "TextField"} else lambda value: value


def _as_text(value: Any) -> str | None:
    return None if value is None else str(value)
