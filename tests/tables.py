"""What is in the database, as text, so that a canary can be looked for in all of it."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection


def cells() -> Iterator[tuple[str, str, str]]:
    """Table, column and value of every cell of every table; bytes as far as they are text."""
    for table in connection.introspection.table_names():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            columns = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                yield from ((table, column, _text(value)) for column, value in zip(columns, row, strict=True))


def _text(value: object) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "replace")
    return str(value)


def places_of(*forms: str) -> list[tuple[str, str]]:
    """Where in the database one of these texts is."""
    return sorted({(table, column) for table, column, text in cells() for form in forms if form in text})
