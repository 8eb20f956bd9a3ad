"""Rows as a file, however many there are: read by their key in portions, written as they come."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Field, Model, QuerySet
from openpyxl import Workbook

from integrations.cells import escaped, of_workbook, plain
from integrations.models import (
    Call,
    Essay,
    HealthCheck,
    Property,
    Record,
    Service,
    Stream,
    SyncRun,
    WebhookEvent,
)

PORTION = 1000
MOST_OF_WORKBOOK = 1_048_575  # rows below the heading
TABLES: Mapping[str, type[Model]] = {
    "services": Service,
    "streams": Stream,
    "essays": Essay,
    "properties": Property,
    "records": Record,
    "calls": Call,
    "events": WebhookEvent,
    "runs": SyncRun,
    "checks": HealthCheck,
}
# What only workers need, and what senders sent: a signature or a token may stand in it.
QUEUE = frozenset({"due_at", "enqueued_at", "claims", "lease_owner", "lease_token", "lease_until"})
INNER = frozenset({"content_hash", "checkpoint", "chosen", "touched_trail"})
SENT = frozenset({"headers", "body", "body_hash", "body_is", "parsed"})
KEPT_BACK: Mapping[type[Model], frozenset[str]] = {
    SyncRun: QUEUE | INNER,
    HealthCheck: QUEUE,
    WebhookEvent: QUEUE | SENT,
}

Row = Sequence[Any]
Write = Callable[[Path, list[str], Iterable[Row]], int]


class TooMany(Exception):
    """More rows than the format holds; says what to do."""


def export(rows: QuerySet[Any], form: str, path: Path) -> int:
    """Write the rows and say how many. The file is there whole or not at all, for nobody else to read.

    Raises:
        TooMany: for a workbook.
    """
    shown = columns(rows.model)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".export-") as beside:
        half = Path(beside) / path.name
        half.touch(mode=0o600)
        count = FORMATS[form](half, [field.name for field in shown], portions(rows, shown))
        half.replace(path)
    return count


def columns(model: type[Model]) -> list[Field[Any, Any]]:
    """What is exported of a table."""
    kept_back = KEPT_BACK.get(model, INNER)
    return [field for field in model._meta.concrete_fields if field.name not in kept_back]


def portions(rows: QuerySet[Any], shown: list[Field[Any, Any]]) -> Iterator[Row]:
    """Their values in the order of the key, which leads to the next portion: no cursor stays open, nothing is held."""
    names = [field.attname for field in shown]
    following = rows.order_by("pk").values_list("pk", *names)
    portion = list(following[:PORTION])
    while portion:
        yield from (values for _, *values in portion)
        last = portion[-1][0]
        portion = list(following.filter(pk__gt=last)[:PORTION]) if len(portion) == PORTION else []


def _csv(path: Path, names: list[str], rows: Iterable[Row]) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        for count, row in enumerate(rows, 1):  # noqa: B007 - the last one is the number of rows
            writer.writerow([plain(value) for value in row])
    return count


def _json(path: Path, names: list[str], rows: Iterable[Row]) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as file:
        file.write("[")
        for count, row in enumerate(rows, 1):
            values = [escaped(value) if isinstance(value, str) else value for value in row]
            text = json.dumps(dict(zip(names, values, strict=True)), ensure_ascii=False, cls=DjangoJSONEncoder)
            file.write(f"{',' if count > 1 else ''}\n{text}")
        file.write("\n]\n")
    return count


def workbook(file: Path | BinaryIO, names: Sequence[str], rows: Iterable[Row]) -> int:
    """Write the rows as XLSX, none of them held, and say how many.

    Raises:
        TooMany: more than it holds.
    """
    count, book = 0, Workbook(write_only=True)
    sheet = book.create_sheet("Rows")
    try:
        sheet.append(list(names))
        for count, row in enumerate(rows, 1):
            if count > MOST_OF_WORKBOOK:
                raise TooMany(f"A workbook holds {MOST_OF_WORKBOOK:,} rows. Export as CSV, or filter for fewer rows.")
            sheet.append([of_workbook(value) for value in row])
    finally:
        sheet.close()  # what it had written so far stands in a file of its own
    book.save(file)
    return count


FORMATS: Mapping[str, Write] = {"csv": _csv, "json": _json, "xlsx": workbook}
