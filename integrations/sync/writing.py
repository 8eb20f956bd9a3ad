"""New rows in bulk: by COPY into PostgreSQL, by one prepared statement into SQLite.

`bulk_create` makes an object of each row, adapts each value by asking its field, and sends all as the text of a
statement; here all that rows have in common is made ready once, and JSON that is there already is sent as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, models

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
    head = [_prepared(field, [common.get(field.attname, field.get_default())])[0] for field in shared]
    ours = [_column(field, rows, texts) for field in own]
    lines = ((*head, *line) for line in zip(*ours, strict=True))
    columns = ", ".join(f'"{field.column}"' for field in (*shared, *own))
    write = _copy if connection.vendor == "postgresql" else _execute
    write(f'"{model._meta.db_table}" ({columns})', lines, len(fields))


def _column(field: models.Field[Any, Any], rows: Iterable[Row], texts: Iterable[Mapping[str, str]]) -> list[Any]:
    name, values = field.attname, [row[field.attname] for row in rows]
    if not isinstance(field, models.JSONField):
        return _prepared(field, values)
    known = [each.get(name) for each in texts]
    return [text or field.get_db_prep_save(value, connection) for text, value in zip(known, values, strict=True)]


def _prepared(field: models.Field[Any, Any], values: Iterable[Any]) -> list[Any]:
    # Most values need nothing, and asking their field takes longer than sending them; so does `connection`, each time.
    database = connections[DEFAULT_DB_ALIAS]
    moment = database.ops.adapt_datetimefield_value

    def prepared(value: Any) -> Any:
        return moment(value) if isinstance(value, datetime) else field.get_db_prep_save(value, database)

    return [value if value is None or isinstance(value, str) else prepared(value) for value in values]


def _copy(into: str, lines: Iterable[Sequence[Any]], _width: int) -> None:
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN") as copy:
        for line in lines:
            copy.write_row(line)


def _execute(into: str, lines: Iterable[Sequence[Any]], width: int) -> None:
    places = ", ".join(["%s"] * width)
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {into} VALUES ({places})", list(lines))  # noqa: S608 - our own names
