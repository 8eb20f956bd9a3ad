"""Records as the Data API sends them, judged before anybody uses them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from integrations.transport.codes import Code
from integrations.transport.errors import CallError

MOST_RECORDS = 2**31 - 1


@dataclass(frozen=True)
class Record:
    """One record as the layout shows it.

    Attributes:
        record_id: FileMaker's own id; it never changes.
        mod_id: another one after every change; `update_record` wants it.
        fields: values by field, text or numbers; fields of other tables are named “table::field”.
        portals: rows of related records by portal.
    """

    record_id: str
    mod_id: str
    fields: Mapping[str, Any]
    portals: Mapping[str, Any]


@dataclass(frozen=True)
class Found:
    """What a query found.

    Attributes:
        total: how many match in all; None where FileMaker does not say.
    """

    records: tuple[Record, ...]
    total: int | None


@dataclass(frozen=True)
class Written:
    """A record after it was written."""

    record_id: str
    mod_id: str


@dataclass(frozen=True)
class ScriptRun:
    """What came of a script.

    Attributes:
        error: the last error in the script; “0” where all went well.
        result: what it exited with; empty where it exits with nothing.
    """

    error: str
    result: str


def record_of(raw: Any) -> Record:
    """One of a list of records.

    Raises:
        CallError: it is none.
    """
    if not isinstance(raw, Mapping):
        raise _unreadable("record")
    fields, portals = raw.get("fieldData"), raw.get("portalData", {})
    if not isinstance(fields, Mapping):
        raise _unreadable("fieldData")
    if not isinstance(portals, Mapping):
        raise _unreadable("portalData")
    return Record(number(raw, "recordId"), number(raw, "modId"), fields, portals)


def listed(response: Mapping[str, Any]) -> tuple[Sequence[Any], int | None]:
    """The records of a response, not judged yet, and how many there are in all.

    Raises:
        CallError: there is no list.
    """
    found, info = response.get("data"), response.get("dataInfo")
    if not isinstance(found, list):
        raise _unreadable("data")
    total = info.get("foundCount") if isinstance(info, Mapping) else None
    # A count that is none must neither end the walk nor break a column.
    return found, total if type(total) is int and 0 <= total <= MOST_RECORDS else None


def number(response: Mapping[str, Any], name: str) -> str:
    """An id, which FileMaker writes as text.

    Raises:
        CallError: there is none.
    """
    text = str(response.get(name))
    if not (text.isascii() and text.isdigit()):
        raise _unreadable(name)
    return text


def script_run(response: Mapping[str, Any]) -> ScriptRun:
    """What came of a script.

    Raises:
        CallError: the response does not say.
    """
    error, result = response.get("scriptError"), response.get("scriptResult", "")
    if not isinstance(error, str | int) or not isinstance(result, str):
        raise _unreadable("scriptError")
    return ScriptRun(str(error), result)


def layout_names(response: Mapping[str, Any]) -> list[str]:
    """Names of layouts; folders, which hold layouts and are none, are left out.

    Raises:
        CallError: the response does not hold them.
    """
    return list(_names_in(response.get("layouts")))


def _names_in(entries: Any) -> Iterator[str]:
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        raise _unreadable("layouts")
    for entry in entries:
        if entry.get("isFolder"):
            yield from _names_in(entry.get("folderLayoutNames", []))
        elif entry.get("name"):
            yield str(entry["name"])


def _unreadable(name: str) -> CallError:
    return CallError(Code.BAD_ANSWER, f"There is no usable “{name}” in the answer of FileMaker.")
