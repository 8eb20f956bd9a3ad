"""A file of rows as people make it: CSV, JSON or a workbook, of strangers' programs, bounded before it is opened."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from openpyxl import load_workbook

from integrations.cells import CUT, LONGEST, unescaped
from integrations.text import storable

LARGEST = 1024 * 1024  # bytes
LARGEST_UNPACKED = 20 * LARGEST
MOST_ROWS = 500
MOST_COLUMNS = 200
Cells = list[Any]


class Unreadable(Exception):
    """The file is none of ours; says why and what to do."""


def rows(name: str, data: bytes) -> list[dict[str, Any]]:
    """The rows below the heading, by column; cells are as the format has them, without the apostrophes of an export.

    Raises:
        Unreadable: the file as a whole makes no sense.
    """
    if len(data) > LARGEST:
        raise Unreadable(f"The file has more than {LARGEST // 1024:,} KB. Leave out what is not to be imported.")
    read = FORMATS.get(name.rpartition(".")[2].lower())
    if read is None:
        raise Unreadable(f"Choose a file whose name ends in {', '.join(FORMATS)}. This is “{storable(name[-100:])}”.")
    found = list(islice(read(data), MOST_ROWS + 1))
    if len(found) > MOST_ROWS:
        raise Unreadable(f"The file has more than {MOST_ROWS} rows. Import it in parts.")
    if not found:
        raise Unreadable(
            "There is no row in the file. The first line names the columns, each further line is a service."
        )
    return [{column: _plain(value) for column, value in row.items()} for row in found]


def _plain(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if len(value) == LONGEST and value.endswith(CUT):
        raise Unreadable("A text was too long for a cell and is cut in this workbook. Import CSV or JSON.")
    if storable(value) != value:
        raise Unreadable("A text holds characters that no database takes (NUL or half a character). Remove them.")
    return unescaped(value)


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("The text is not UTF-8. Save the file as “CSV UTF-8”, and choose it again.") from None


def _csv(data: bytes) -> Iterator[dict[str, Any]]:
    text = _text(data)
    heading = text.partition("\n")[0]
    delimiter = ";" if heading.count(";") > heading.count(",") else ","  # as some spreadsheets write it
    try:
        yield from _tabular(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise Unreadable(f"This is no CSV: {error}. Save the file anew.") from None


def _workbook(data: bytes) -> Iterator[dict[str, Any]]:
    try:
        _check_packed(data)
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        lines = ([*line] for line in sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS))
        yield from _tabular(line for line in lines if any(cell is not None for cell in line))
    except Unreadable:
        raise
    except Exception:  # noqa: BLE001 - what its reader makes of broken files is anything
        raise Unreadable("This is no workbook (XLSX). Save the file anew, or as CSV.") from None


def _check_packed(data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        if sum(part.file_size for part in packed.infolist()) > LARGEST_UNPACKED:
            raise Unreadable("The workbook is far larger than it looks. Save what is to be imported as CSV.")


def _tabular(lines: Iterable[Cells]) -> Iterator[dict[str, Any]]:
    found = iter(lines)
    columns = [str(cell or "").strip() for cell in next(found, [])]
    while columns and not columns[-1]:
        columns.pop()
    _check(columns)
    for number, line in enumerate(found, 2):
        if len(line) > len(columns) and any(cell not in {None, ""} for cell in line[len(columns) :]):
            raise Unreadable(f"Line {number} has more cells than there are columns. Check its commas and quotes.")
        if line:
            yield dict(zip(columns, line, strict=False))


def _json(data: bytes) -> Iterator[dict[str, Any]]:
    try:
        found = json.loads(_text(data), parse_constant=_refused, object_pairs_hook=_pairs)
    except Unreadable:
        raise
    except (ValueError, RecursionError):
        raise Unreadable("This is no JSON. Write a list of objects, one for each service.") from None
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise Unreadable("The JSON is no list of objects. Write [{…}, {…}], one for each service.")
    for row in found[:1]:
        _check(list(row))
    yield from found


def _refused(constant: str) -> None:
    raise Unreadable(f"{constant} is no value. Write a number, or leave it out.")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise Unreadable("A name stands twice in one object. Each column may be there once.")
    return dict(pairs)


def _check(columns: list[str]) -> None:
    if len(columns) > MOST_COLUMNS:
        raise Unreadable("There are too many columns for services.")
    if twice := sorted({name for name in columns if columns.count(name) > 1}):
        raise Unreadable(f"The column “{storable(twice[0][:50])}” is there twice. Keep one of them.")


FORMATS: Mapping[str, Callable[[bytes], Iterator[dict[str, Any]]]] = {"csv": _csv, "json": _json, "xlsx": _workbook}
