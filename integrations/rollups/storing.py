"""Writes many sums at once, ten times as fast as objects of the ORM: a busy day has a hundred thousand of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import connection

from integrations.models import LatencyRollup
from integrations.rollups.raw import Key
from integrations.rollups.tally import Tally

COUNTED = ("calls", "retries", "total_us", "max_ms", "buckets", "codes", "slowest")
COLUMNS = ("span", "start", "service_id", "operation", "outcome", *COUNTED)


def insert(span: int, found: Iterable[tuple[Key, Tally]]) -> None:
    """In the transaction that is open."""
    table, columns = LatencyRollup._meta.db_table, ", ".join(COLUMNS)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in _rows(span, found):
                    copy.write_row(row)
        else:
            places = ", ".join(["%s"] * len(COLUMNS))
            statement = f"INSERT INTO {table} ({columns}) VALUES ({places})"  # noqa: S608 - our own names
            cursor.executemany(statement, list(_rows(span, found)))


def _rows(span: int, found: Iterable[tuple[Key, Tally]]) -> Iterator[tuple[Any, ...]]:
    is_text = connection.vendor != "postgresql"
    for key, tally in found:
        made = tally.columns()
        start = connection.ops.adapt_datetimefield_value(key.start) if is_text else key.start
        yield (int(span), start, key.service, key.operation, key.outcome, *(made[name] for name in COUNTED))
