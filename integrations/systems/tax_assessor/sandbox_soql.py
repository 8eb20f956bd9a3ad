"""As much of SoQL as the sandbox understands: SELECT, WHERE with AND, GROUP with a count, ORDER, LIMIT, OFFSET.

https://dev.socrata.com/docs/queries/
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
KNOWN = {"$select", "$where", "$group", "$order", "$limit", "$offset"}
CONDITION = re.compile(
    r"\(*(?P<name>:?\w+)\s*(?:=\s*'(?P<value>(?:[^']|'')*)'|(?P<given>IS NOT NULL))\)*(?:\s+AND\s+|$)"
)
COUNTED = re.compile(r"count\(\*\) as (?P<alias>\w+)")
DEFAULT_LIMIT = 1000


class Refusal(Exception):
    """What Socrata answers with status 400."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.body = {"message": message, "errorCode": code, "data": {}}


def answer(rows: Sequence[Row], columns: Sequence[str], query: Mapping[str, str]) -> tuple[list[Row], list[str]]:
    """What the query selects, and the names it may hold.

    Raises:
        Refusal: the query is malformed or names a column that is none.
    """
    if unknown := sorted(set(query) - KNOWN):
        raise Refusal("query.malformed", f"Unrecognized arguments [{', '.join(unknown)}]")
    found = [row for row in rows if _fits(row, query.get("$where", ""), columns)]
    if group := query.get("$group"):
        counts = Counter(row[_column(group, columns)] for row in found if group in row)
        found = [{group: value, "count(*)": count} for value, count in counts.items()]
    limit, offset = (_whole(query, name, default) for name, default in (("$limit", DEFAULT_LIMIT), ("$offset", 0)))
    found = _ordered(found, query.get("$order", ""), columns, offset)
    return _selected(found, query.get("$select", "*"), columns, (offset, offset + limit))


def _fits(row: Row, where: str, columns: Sequence[str]) -> bool:
    at = 0
    while at < len(where):
        condition = CONDITION.match(where, at)
        if not condition:
            raise Refusal("query.compiler.malformed", f'Could not parse SoQL query "{where}"')
        value = row.get(_column(condition["name"], columns))
        wanted = condition["value"]
        if value is None or (wanted is not None and value != wanted.replace("''", "'")):
            return False
        at = condition.end()
    return True


def _ordered(rows: list[Row], order: str, columns: Sequence[str], offset: int) -> list[Row]:
    if not order:  # it is undefined, and another one for each page
        return rows[offset:] + rows[:offset]
    name, _, direction = order.partition(" ")
    _column(name, columns)
    return sorted(rows, key=lambda row: str(row.get(name, "")), reverse=direction == "DESC")


def _selected(
    rows: Sequence[Row], select: str, columns: Sequence[str], part: tuple[int, int]
) -> tuple[list[Row], list[str]]:
    terms = [term.strip() for term in select.split(",")]
    if "*" in terms[1:]:
        raise Refusal("query.compiler.malformed", "Star selections must come at the start of the select-list")
    if (counted := COUNTED.fullmatch(terms[-1])) and len(terms) == 1:
        return [{counted["alias"]: str(len(rows))}], [counted["alias"]]
    if counted:
        rows = [{**row, counted["alias"]: str(row["count(*)"])} for row in rows]
    names = [name for term in terms for name in _names(term, columns)]
    return [{name: row[name] for name in names if name in row} for row in rows[slice(*part)]], names


def _names(term: str, columns: Sequence[str]) -> list[str]:
    if counted := COUNTED.fullmatch(term):
        return [counted["alias"]]
    return [name for name in columns if not name.startswith(":")] if term == "*" else [_column(term, columns)]


def _column(name: str, columns: Sequence[str]) -> str:
    if name not in columns:
        code = "query.soql.no-such-column"
        position = f'position: Map(row -> 1, column -> 8, line -> "SELECT `{name}`")'
        raise Refusal(code, f"Query coordinator error: {code}; No such column: {name}; {position}")
    return name


def _whole(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not text.isdecimal():
        raise Refusal("query.malformed", f"Invalid value for {name}: {text}")
    return int(text)
