"""Salesforce's answers, judged before anybody uses them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from integrations.systems.stamps import parse_stamp
from integrations.transport.answer import Answer
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from integrations.transport.origin import same_origin
from integrations.transport.styles import Listed

MOST_ROWS = 2**31 - 1
DATA = "/services/data/"


@dataclass(frozen=True)
class Upserted:
    """What became of a write.

    Attributes:
        id: of the record; empty where Salesforce does not say (204).
        created: False where a record was changed.
    """

    id: str
    created: bool


@dataclass(frozen=True)
class DeletedRow:
    """A record that was deleted, and when."""

    id: str
    deleted_at: datetime


@dataclass(frozen=True)
class Deleted:
    """What was deleted.

    Attributes:
        covered_until: what was deleted later may be missing.
    """

    rows: tuple[DeletedRow, ...]
    covered_until: datetime


@dataclass(frozen=True)
class Limit:
    """How many of something there are, and are left."""

    maximum: int
    remaining: int


def id_of(row: Any) -> Any:
    """The id of a row; None where it has none."""
    return row.get("Id") if isinstance(row, dict) else None


def listed(answer: Answer) -> Listed:
    """A page of a query. Its cursor is what follows `/services/data/` in the address of the next page."""
    data = _mapping(answer)
    records, done, total = data.get("records"), data.get("done"), data.get("totalSize")
    if not isinstance(records, list) or not isinstance(done, bool):
        raise CallError(Code.BAD_ANSWER, "There are no “records” and “done” of a query in the answer.")
    known = total if type(total) is int and 0 <= total <= MOST_ROWS else None
    return Listed(records, known, {"cursor": "" if done else _cursor(answer, data.get("nextRecordsUrl"))})


def _cursor(answer: Answer, link: Any) -> str:
    # Not the address itself: it is relative to the instance, which may be another host than the service's, and
    # a session may move to another instance.
    if not isinstance(link, str) or not link:
        raise CallError(Code.BAD_PAGING, "Salesforce says that the list goes on, but not where (“nextRecordsUrl”).")
    cursor = same_origin(answer.url, link).partition(DATA)[2]
    if not cursor:
        raise CallError(Code.BAD_PAGING, f"“nextRecordsUrl” in the answer is no address below {DATA}.")
    return cursor


def upserted(answer: Answer) -> Upserted:
    """Of a write that was not refused: a body with 200 and 201, none with 204."""
    if answer.status == 204 or answer.data is None:
        return Upserted("", created=answer.status == 201)
    data = _mapping(answer)
    row_id, created = data.get("id"), data.get("created", answer.status == 201)
    if data.get("success") is not True or not isinstance(row_id, str) or not isinstance(created, bool):
        raise CallError(Code.BAD_ANSWER, "Salesforce does not say that the record was written.")
    return Upserted(row_id, created)


def deleted(answer: Answer) -> Deleted:
    """The rows of `deletedRecords`."""
    data = _mapping(answer)
    rows, until = data.get("deletedRecords"), parse_stamp(data.get("latestDateCovered"))
    if not isinstance(rows, list) or until is None:
        raise CallError(Code.BAD_ANSWER, "There are no “deletedRecords” and “latestDateCovered” in the answer.")
    return Deleted(tuple(map(_deleted_row, rows)), until)


def _deleted_row(row: Any) -> DeletedRow:
    found = row if isinstance(row, dict) else {}
    row_id, stamp = found.get("id"), parse_stamp(found.get("deletedDate"))
    if not isinstance(row_id, str) or not row_id or stamp is None:
        raise CallError(Code.BAD_ANSWER, "A deleted record in the answer has no “id” or no “deletedDate”.")
    return DeletedRow(row_id, stamp)


def limits(answer: Answer) -> Mapping[str, Limit]:
    """Every limit that has a maximum and a rest."""
    return dict(_each_limit(_mapping(answer)))


def _each_limit(data: Mapping[str, Any]) -> Iterator[tuple[str, Limit]]:
    for name, said in data.items():
        found = said if isinstance(said, dict) else {}
        maximum, remaining = found.get("Max"), found.get("Remaining")
        if type(maximum) is int and type(remaining) is int:
            yield name, Limit(maximum, remaining)


def versions(answer: Answer) -> tuple[str, ...]:
    """The versions as they stand in addresses."""
    data = answer.data if isinstance(answer.data, list) else []
    found = tuple(f"v{each['version']}" for each in data if isinstance(each, dict) and "version" in each)
    if not found:
        raise CallError(Code.BAD_ANSWER, "There is no list of API versions in the answer.")
    return found


def _mapping(answer: Answer) -> Mapping[str, Any]:
    if not isinstance(answer.data, dict):
        raise CallError(Code.BAD_ANSWER, "The answer is no JSON object.")
    return answer.data


def queryable(answer: Answer) -> list[str]:
    """The names of those objects that can be queried.

    Raises:
        CallError: there is no list of objects.
    """
    found = answer.data.get("sobjects") if isinstance(answer.data, Mapping) else None
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        raise CallError(Code.BAD_ANSWER, "There are no “sobjects” in the answer.", answer)
    return [str(each["name"]) for each in found if each.get("queryable") is True and each.get("name")]
