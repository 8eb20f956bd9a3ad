"""New rows in bulk: by COPY into PostgreSQL, by one prepared statement into SQLite.

`bulk_create` makes an object of each row, adapts each value by asking its field, and sends all as the text of a
statement; here all that rows have in common is made ready once, and JSON that is there already is sent as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, models

from integrations.models import SyncedModel

Row = Mapping[str, Any]


def insert(model: type[SyncedModel], common: Row, rows: Sequence[Row], texts: Sequence[Mapping[str, str]]) -> None:
    """Insert rows that are not there; call it inside a transaction. Columns that nobody names get their defaults.

    Args:
        common: what all of them have, by attribute name.
        rows: what each has; the same names in each.
        texts: of each row the JSON of its columns, as far as it is known.

    Raises:
        IntegrityError: one is there.
    """
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    own = [field for field in fields if field.attname in rows[0]]
    shared = [field for field in fields if field.attname not in rows[0]]
    head = [_prepared(field, common.get(field.attname, field.get_default())) for field in shared]
    lines = ((*head, *_values(own, row, known)) for row, known in zip(rows, texts, strict=True))
    columns = ", ".join(f'"{field.column}"' for field in (*shared, *own))
    write = _copy if connection.vendor == "postgresql" else _execute
    write(f'"{model._meta.db_table}" ({columns})', lines, len(fields))


def _values(fields: Iterable[models.Field[Any, Any]], row: Row, known: Mapping[str, str]) -> Iterator[Any]:
    for field in fields:
        if isinstance(field, models.JSONField):
            yield known.get(field.attname) or field.get_db_prep_save(row[field.attname], connection)
        else:
            yield _prepared(field, row[field.attname])


def _prepared(field: models.Field[Any, Any], value: Any) -> Any:
    # Most values need nothing, and asking their field takes longer than sending them.
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return field.get_db_prep_save(value, connection)


def _copy(into: str, lines: Iterable[Sequence[Any]], _width: int) -> None:
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN") as copy:
        for line in lines:
            copy.write_row(line)


def _execute(into: str, lines: Iterable[Sequence[Any]], width: int) -> None:
    places = ", ".join(["%s"] * width)
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {into} VALUES ({places})", list(lines))  # noqa: S608 - our own names
