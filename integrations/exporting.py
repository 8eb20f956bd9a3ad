"""Rows as a file, however many there are: read by their key in portions, written as they come."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Field, Model, QuerySet
from openpyxl import Workbook

from integrations.cells import of_workbook, plain
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
PORTIONS = 20  # of a part: some seconds of work
WORKBOOK = "xlsx"
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

Names = Sequence[str]
Row = Sequence[Any]


class TooMany(Exception):
    """More rows than the format holds; says what to do."""


@dataclass(frozen=True)
class Lines:
    """A format that is text row by row, so that a file of it can be written a part at a time.

    Attributes:
        begin: what stands before the first row.
        row: its text.
    """

    begin: Callable[[Names], str]
    row: Callable[[Names, Row], str]
    between: str = ""
    end: str = ""

    def texts(self, names: Names, rows: Iterable[Row], before: int = 0) -> Iterator[str]:
        """All but the end, of a file or of a part of it that so many rows stand before."""
        if not before:
            yield self.begin(names)
        for number, row in enumerate(rows, before):
            yield f"{self.between if number else ''}{self.row(names, row)}"


@dataclass
class Place:
    """How far a file is that is written a part at a time.

    Attributes:
        done: rows.
        after: key of the last one.
        is_end: there are no more.
    """

    done: int = 0
    after: str = ""
    is_end: bool = False


def export(rows: QuerySet[Any], form: str, path: Path) -> int:
    """Write the rows and say how many. The file is there whole or not at all, for nobody else to read.

    Raises:
        TooMany: for a workbook.
    """
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".export-") as beside:
        half = Path(beside) / path.name
        half.touch(mode=0o600)
        with half.open("wb") as file:
            count = write(file, form, rows)
        half.replace(path)
    return count


def name_of(model: type[Model]) -> str:
    """The table, for people and for the command."""
    return next(name for name, each in TABLES.items() if each is model)


def columns(model: type[Model]) -> list[Field[Any, Any]]:
    """What is exported of a table."""
    kept_back = KEPT_BACK.get(model, INNER)
    return [field for field in model._meta.concrete_fields if field.name not in kept_back]


def portions(rows: QuerySet[Any], after: str = "") -> Iterator[list[Row]]:
    """Their keys and values in the order of the key, which leads on: no cursor stays open, nothing is held."""
    names = [field.attname for field in columns(rows.model)]
    following = rows.order_by("pk").values_list("pk", *names)
    is_full = True
    while is_full:
        portion = list((following.filter(pk__gt=after) if after else following)[:PORTION])
        if portion:
            yield portion
            after = str(portion[-1][0])
        is_full = len(portion) == PORTION


def write(file: BinaryIO, form: str, rows: QuerySet[Any]) -> int:
    """Write all rows and say how many.

    Raises:
        TooMany: for a workbook.
    """
    if form == WORKBOOK:
        return whole_workbook(file, rows)
    place = Place()
    while not place.is_end:
        place = part(file, form, rows, place)
    return place.done


def part(file: BinaryIO, form: str, rows: QuerySet[Any], place: Place) -> Place:
    """Write some portions of what comes after the place; where it stands then."""
    names, lines = _names(rows), LINES[form]
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    done, after, is_end = place.done, place.after, True
    for portion in islice(portions(rows, after), PORTIONS):
        text.writelines(lines.texts(names, (values for _, *values in portion), done))
        done, after, is_end = done + len(portion), str(portion[-1][0]), len(portion) < PORTION
    if is_end:
        text.writelines([*(() if done else lines.texts(names, ())), lines.end])
    text.detach()
    return Place(done, after, is_end)


def whole_workbook(
    file: BinaryIO, rows: QuerySet[Any], most: int | None = None, sign_of_life: Callable[[], None] = lambda: None
) -> int:
    """Write all rows as XLSX, which cannot be done in parts, and say how many.

    Raises:
        TooMany: more than it holds, or than `most`.
    """
    count, book, most = 0, Workbook(write_only=True), most or MOST_OF_WORKBOOK
    sheet = book.create_sheet("Rows")
    try:
        sheet.append(_names(rows))
        for portion in portions(rows):
            count += len(portion)
            if count > most:
                raise TooMany(f"A workbook holds {most:,} rows here. Export as CSV, or filter for fewer rows.")
            for _, *values in portion:
                sheet.append([of_workbook(value) for value in values])
            sign_of_life()
    finally:
        sheet.close()  # what it had written so far stands in a file of its own
    book.save(file)
    return count


def _names(rows: QuerySet[Any]) -> list[str]:
    return [field.name for field in columns(rows.model)]


def _csv(values: Iterable[Any]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(values)
    return line.getvalue()


def _json(names: Names, row: Row) -> str:
    values = [value if isinstance(value, dict | list) else plain(value) for value in row]
    return json.dumps(dict(zip(names, values, strict=True)), ensure_ascii=False, cls=DjangoJSONEncoder)


LINES: Mapping[str, Lines] = {
    "csv": Lines(_csv, lambda _, row: _csv([plain(value) for value in row])),
    "json": Lines(lambda _: "[\n", _json, ",\n", "\n]\n"),
}
FORMATS = (*LINES, WORKBOOK)
