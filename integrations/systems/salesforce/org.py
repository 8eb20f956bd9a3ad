"""The org behind the sandbox: contacts in memory, the sessions and cursors of who asks for them."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

CONTACTS = 450
DELETED_EVERY = 90
SHARED_BY_TWO = "K-SHARED"  # an external id that two contacts have
LOCKED = "K-LOCKED"  # the external id of a contact that somebody else is always writing
MOST_CURSORS = 500
FIRST = ("Ada", "Bela", "Chidi", "Dana", "Emeka", "Farah", "Goran")
LAST = ("O'Neil", "Okafor", "Silva", "Novak", "Meyer", "Haddad")
EXTERNAL = "Legacy_Id__c"
WRITABLE = ("FirstName", "LastName", "Email", "Phone")
COLUMNS = ("Id", "IsDeleted", "SystemModstamp", "Name", *WRITABLE, EXTERNAL, "Account.Name")
FIRST_CHANGE = datetime(2026, 3, 1, tzinfo=UTC)
BEGAN = datetime.now(UTC).replace(microsecond=0)

_QUERY = re.compile(
    r"SELECT (?P<fields>.+?) FROM (?P<object>\w+)( WHERE (?P<where>.+?))?( ORDER BY (?P<order>\w+))?",
    re.IGNORECASE | re.DOTALL,
)
_EQUALS = re.compile(r"\(?\s*(\w+) = (TRUE|FALSE|'((?:\\.|[^'\\])*)')\s*\)?", re.IGNORECASE | re.DOTALL)
_CHANGED = re.compile(r"\(?(?:(?P<others>\(.+\)) AND )?SystemModstamp >= (?P<since>[0-9TZ:-]+)\)?", re.DOTALL)

Row = Mapping[str, Any]


class Refused(Exception):
    """An error as Salesforce has them."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass
class Org:
    """What all requests share. Hold the lock for more than one step."""

    lock: Lock = field(default_factory=Lock)
    contacts: dict[str, Row] = field(default_factory=lambda: {row["Id"]: row for row in map(_contact, _numbers())})
    cursors: dict[str, Sequence[Row]] = field(default_factory=dict)
    sessions: set[str] = field(default_factory=set)

    def new_session(self) -> str:
        """A session that lives as long as the sandbox."""
        with self.lock:
            self.sessions.add(token := f"00DSANDBOX!{secrets.token_urlsafe(24)}")
        return token

    def end_sessions(self) -> None:
        """Everybody has to sign in again."""
        with self.lock:
            self.sessions.clear()

    def found(self, query: str, *, with_deleted: bool) -> Sequence[Row]:
        """What a query in the small part of SOQL understood here gives, as Salesforce shows it."""
        fields, test = _understood(query)
        with self.lock:
            rows = [row for row in self.contacts.values() if test(row) and (with_deleted or not row["IsDeleted"])]
        return [_shown(row, fields) for row in sorted(rows, key=lambda row: str(row["Id"]))]

    def keep(self, rows: Sequence[Row]) -> str:
        """A locator for rows; the oldest is let go."""
        with self.lock:
            if len(self.cursors) >= MOST_CURSORS:
                del self.cursors[next(iter(self.cursors))]
            self.cursors[locator := f"0r8{secrets.token_hex(7)}A"] = rows
        return locator

    def upsert(self, value: str, fields: Row) -> tuple[str, bool]:
        """Id and whether it is new; several matches are told by an empty id."""
        _check_fields(fields)
        with self.lock:
            same = [row for row in self.contacts.values() if row[EXTERNAL] == value and not row["IsDeleted"]]
            if len(same) > 1:
                return "", False
            before = same[0] if same else None
            row = _written(before or _contact(len(self.contacts) + 1, value), fields, is_new=not same)
            self.contacts[row["Id"]] = row
        return str(row["Id"]), before is None


def _numbers() -> Iterator[int]:
    return iter(range(1, CONTACTS + 1))


def _contact(number: int, external_id: str = "") -> Row:
    first, last = FIRST[number % len(FIRST)], LAST[number % len(LAST)]
    is_deleted = not external_id and number % DELETED_EVERY == 0
    special = {7: SHARED_BY_TWO, 8: SHARED_BY_TWO, 9: LOCKED}
    return {
        "Id": f"003SB{number:010d}AAA",
        "IsDeleted": is_deleted,
        "SystemModstamp": _stamp(_deletion(number) if is_deleted else FIRST_CHANGE + timedelta(minutes=number)),
        "FirstName": first,
        "LastName": last,
        "Email": f"contact-{number}@example.org",
        "Phone": None,
        EXTERNAL: external_id or special.get(number, f"K-{number}"),
        "Account": {"attributes": {"type": "Account"}, "Name": "Night Trains Ltd"} if number % 2 else None,
    }


def deleted_at(row: Row) -> datetime:
    """Days before the sandbox began, one for each deleted contact."""
    return _deletion(int(str(row["Id"])[5:15]))


def _deletion(number: int) -> datetime:
    return BEGAN - timedelta(days=number // DELETED_EVERY)


def _written(row: Row, fields: Row, *, is_new: bool) -> Row:
    if row[EXTERNAL] == LOCKED:
        raise Refused(400, "UNABLE_TO_LOCK_ROW", f"unable to obtain exclusive access to this record: {row['Id']}")
    if is_new and not fields.get("LastName"):
        raise Refused(400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName]")
    blank = dict.fromkeys((*WRITABLE, "Account")) if is_new else {}
    return {**row, **blank, **fields, "SystemModstamp": _stamp(datetime.now(UTC))}


def _check_fields(fields: Row) -> None:
    if EXTERNAL in fields or "Id" in fields:
        raise Refused(400, "INVALID_FIELD", f"The {EXTERNAL} field should not be specified in the sobject data.")
    for name in fields:
        if name not in WRITABLE:
            raise Refused(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type Contact")


def _understood(query: str) -> tuple[Sequence[str], Callable[[Row], bool]]:
    parts = _QUERY.fullmatch(query.strip())
    if not parts:
        raise Refused(400, "MALFORMED_QUERY", f"unexpected token: '{query[:20]}'")
    if parts["object"].lower() != "contact":
        raise Refused(
            400, "INVALID_TYPE", f"\nERROR at Row:1:Column:1\nsObject type '{parts['object']}' is not supported."
        )
    fields = [_column(name.strip()) for name in parts["fields"].split(",")]
    if len(set(fields)) < len(fields):
        raise Refused(400, "MALFORMED_QUERY", "duplicate field selected")
    return fields, _test(parts["where"])


def _column(name: str) -> str:
    found = next((column for column in COLUMNS if column.lower() == name.lower()), None)
    if found is None:
        said = f"\nSELECT {name}\n ^\nERROR at Row:1:Column:8\nNo such column '{name}' on entity 'Contact'."
        raise Refused(400, "INVALID_FIELD", said)
    return found


def _test(where: str | None) -> Callable[[Row], bool]:
    if where is None:
        return lambda _: True
    if changed := _CHANGED.fullmatch(where.strip()):
        others, since = _test(changed["others"]), datetime.fromisoformat(changed["since"])
        return lambda row: others(row) and datetime.fromisoformat(str(row["SystemModstamp"])) >= since
    parts = _EQUALS.fullmatch(where.strip())
    if not parts:
        raise Refused(400, "MALFORMED_QUERY", f"unexpected token: '{where}'")
    column, quoted = _column(parts[1]), parts[3]
    wanted = parts[2].upper() == "TRUE" if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
    return lambda row: bool(_value(row, column) == wanted)


def _shown(row: Row, fields: Sequence[str]) -> Row:
    attributes = {"type": "Contact", "url": f"/services/data/v67.0/sobjects/Contact/{row['Id']}"}
    return {"attributes": attributes, **{name.partition(".")[0]: _value(row, name) for name in fields}}


def _value(row: Row, column: str) -> Any:
    if column == "Name":
        return f"{row['FirstName']} {row['LastName']}" if row["FirstName"] else row["LastName"]
    return row[column.partition(".")[0]]


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
