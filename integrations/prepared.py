"""Statements that are made once and carried out often, as cheaply as the database allows.

On PostgreSQL Django's cursor writes the values into the text, which takes as long as everything else together, and never
has the server prepare the statement, which takes longer to plan than to carry out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper


def rows(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """What it answers. Committed when this returns, unless a transaction is open. Places are written as %s.

    A statement that looks for something in a table that grows must leave the planner one index alone: the plan is kept
    from when the table was small, and would read all of it.
    """
    database = connections[DEFAULT_DB_ALIAS]  # asked for once: `connection` looks it up at every use
    if database.vendor != "postgresql":
        with database.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())
    database.close_if_health_check_failed()
    database.ensure_connection()
    with database.wrap_database_errors:
        return list(on_server(database, statement.encode(), values).fetchall())


def first_rows(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The same for the first statement of a request, if it only reads, or changes nothing where it comes a second time.

    It is itself the check whether the connection is still good, which would otherwise be one more trip to the server.
    """
    database = connections[DEFAULT_DB_ALIAS]
    if database.in_atomic_block or database.connection is None:
        return rows(statement, values)
    database.health_check_done = True  # type: ignore[attr-defined]  # of every Django since 4.1
    try:
        return rows(statement, values)
    except (InterfaceError, OperationalError):
        database.close()
        return rows(statement, values)


def on_server(database: BaseDatabaseWrapper, statement: bytes, values: Sequence[Any]) -> Any:
    """The cursor of psycopg itself that has carried out the statement, which the server keeps prepared."""
    from psycopg import Cursor
    from psycopg.errors import DuplicatePreparedStatement, InvalidSqlStatementName, ProtocolViolation

    try:
        return Cursor(database.connection).execute(statement, values)
    except (DuplicatePreparedStatement, InvalidSqlStatementName, ProtocolViolation):
        # A pooler gave this connection another server than the one that prepared it. Nothing was carried out.
        database.connection.prepare_threshold = None
        return Cursor(database.connection).execute(statement, values)


def jsonb(text: bytes) -> Any:
    """JSON in UTF-8 as a value for `on_server`: sent as it is."""
    from psycopg.types.json import Jsonb

    return Jsonb(text, dumps=bytes)
