"""The database behind the sandbox: parcels of land and sessions, in memory."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

NAME = "Town Hall"
LAYOUT = "Parcels & Owners"
FIELDS = ("Parcel", "Address", "City", "Owner", "Area", "Modified")
PARCELS = 120
IN_USE = 113  # somebody went home and left this record open
LIFE_S = 15 * 60
MOST_SESSIONS = 500
OWNERS = ("A. Archer", "B. Baker & Sons", "C. Cooper #2", "D. Dyer", "E. Ewart (estate)")
STREETS = ("Mill Lane", "Church Street", "Harbour Road", "Orchard Way")
# An operator, or a character that means itself; a backslash makes any character mean itself.
_TOKEN = re.compile(r"\\(.)|(\.{2,}|/{2,}|[=!<>≤≥…?\"~])|([*@#])|(.)", re.DOTALL)
_WILD = {"*": ".*", "@": ".", "#": "[0-9]"}


class Failure(Exception):
    """FileMaker refuses; with HTTP 500 unless something else is said."""

    def __init__(self, code: str, message: str, status: int = 500) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


@dataclass(frozen=True)
class Row:
    """One record; `changes` is its modification id."""

    number: int
    changes: int
    fields: Mapping[str, Any]


class Database:
    """All that changes, under one lock."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.reset()

    def reset(self) -> None:
        """As it was in the beginning, with nobody signed in."""
        self._sessions: dict[str, float] = {}
        self._rows = {number: Row(number, 0, _parcel(number)) for number in range(1, PARCELS + 1)}
        self._last = PARCELS

    def begin_session(self) -> str:
        """A token."""
        with self._lock:
            self._forget_idle()
            if len(self._sessions) >= MOST_SESSIONS:
                raise Failure("956", "Maximum number of database sessions exceeded")
            token = secrets.token_hex(28)
            self._sessions[token] = time.monotonic() + LIFE_S
            return token

    def is_session(self, token: str) -> bool:
        """Whether it is one; asking keeps it alive."""
        with self._lock:
            self._forget_idle()
            if token in self._sessions:
                self._sessions[token] = time.monotonic() + LIFE_S
            return token in self._sessions

    def end_session(self, token: str) -> bool:
        """Whether there was one."""
        with self._lock:
            return self._sessions.pop(token, None) is not None

    def end_sessions(self) -> None:
        """As when the server starts anew."""
        with self._lock:
            self._sessions.clear()

    def rows(self) -> list[Row]:
        """All, in the order of creation."""
        with self._lock:
            return list(self._rows.values())

    def row(self, number: int) -> Row:
        """One record."""
        with self._lock:
            return self._row(number)

    def create(self, fields: Mapping[str, Any]) -> Row:
        """A record with these fields; a parcel exists once."""
        with self._lock:
            if any(row.fields["Parcel"] == fields.get("Parcel") for row in self._rows.values()):
                raise Failure("504", "Value in field is not unique, as required in validation entry options")
            self._last += 1
            self._rows[self._last] = Row(self._last, 0, dict.fromkeys(FIELDS, "") | dict(fields))
            return self._rows[self._last]

    def change(self, number: int, fields: Mapping[str, Any], mod_id: object) -> Row:
        """The record after the change; without a modification id it is changed whatever others did."""
        with self._lock:
            row = self._row(number, to_change=True)
            if mod_id is not None and mod_id != str(row.changes):
                raise Failure("306", "Record modification ID does not match")
            self._rows[number] = replace(row, changes=row.changes + 1, fields={**row.fields, **fields})
            return self._rows[number]

    def delete(self, number: int) -> None:
        """A record less."""
        with self._lock:
            self._row(number, to_change=True)
            del self._rows[number]

    def _row(self, number: int, *, to_change: bool = False) -> Row:
        if number not in self._rows:
            raise Failure("101", "Record is missing")
        if to_change and number == IN_USE:
            raise Failure("301", "Record is in use by another user")
        return self._rows[number]

    def _forget_idle(self) -> None:
        now = time.monotonic()
        self._sessions = {token: dies for token, dies in self._sessions.items() if dies > now}


def matching(rows: Sequence[Row], query: Any) -> list[Row]:
    """The rows that any request finds and none omits; each request is a mapping of criteria by field."""
    if not isinstance(query, list) or not all(isinstance(request, dict) for request in query):
        raise Failure("960", "Parameter is invalid", 400)
    found: dict[int, Row] = {}
    for request in query:
        tests = {field: _pattern(text) for field, text in request.items() if field != "omit"}
        if not set(tests) <= set(FIELDS):
            raise Failure("102", "Field is missing")
        hits = [row for row in rows if all(test.search(str(row.fields[field])) for field, test in tests.items())]
        if request.get("omit") == "true":
            found = {number: row for number, row in found.items() if row not in hits}
        else:
            found |= {row.number: row for row in hits}
    return list(found.values())


def ordered(rows: Sequence[Row], sort: Any) -> list[Row]:
    """By these fields, the first one first."""
    found = list(rows)
    if not isinstance(sort, list) or not all(isinstance(each, dict) for each in sort):
        raise Failure("960", "Parameter is invalid", 400)
    for each in reversed(sort):
        if (name := each.get("fieldName")) not in FIELDS:
            raise Failure("102", "Field is missing")
        found.sort(key=lambda row: str(row.fields[name]), reverse=each.get("sortOrder") == "descend")
    return found


def shown(row: Row, *, iso: bool) -> dict[str, Any]:
    """The record as it is sent; dates as in the USA unless ISO ones were asked for."""
    fields = dict(row.fields)
    if iso and fields["Modified"]:
        fields["Modified"] = datetime.strptime(fields["Modified"], "%m/%d/%Y %H:%M:%S").isoformat()  # noqa: DTZ007 - FileMaker knows no zones
    return {"fieldData": fields, "portalData": {}, "recordId": str(row.number), "modId": str(row.changes)}


def _pattern(criterion: Any) -> re.Pattern[str]:
    """What a criterion matches: the whole field after “==”, else what a word begins with."""
    if not isinstance(criterion, str):
        raise Failure("960", "Parameter is invalid", 400)
    whole = criterion.startswith("==")
    parts = []
    for escaped, operator, wild, plain in _TOKEN.findall(criterion.removeprefix("==")):
        if operator:  # FileMaker knows more of them than the sandbox
            raise Failure("1708", "Parameter value is invalid", 400)
        parts.append(_WILD[wild] if wild else re.escape(escaped or plain))
    text = "".join(parts)
    return re.compile(rf"\A{text}\Z" if whole else rf"\b{text}", re.IGNORECASE)


def _parcel(number: int) -> dict[str, Any]:
    modified = datetime(2026, 1, 5, 8) + timedelta(hours=7 * number)  # noqa: DTZ001 - FileMaker knows no zones
    return {
        "Parcel": f"14-{number:05}",
        "Address": f"{number % 40 + 1} {STREETS[number % len(STREETS)]}",
        "City": "Ulm" if number % 3 else "Neu-Ulm",
        "Owner": OWNERS[number % len(OWNERS)],
        "Area": 300 + number if number % 10 else "",  # an empty number is sent as text
        "Modified": f"{modified:%m/%d/%Y %H:%M:%S}",
    }


DATABASE = Database()
