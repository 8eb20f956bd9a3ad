"""Salesforce's client alone, by the examples of its REST API guide."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.systems.salesforce.answers import Deleted, DeletedRow, Limit, Upserted
from integrations.transport.codes import Code
from tests.systems.unit.alone import Alone, Case, Turn

SALESFORCE = Alone("salesforce", "https://acme.my.salesforce.com", {"consumer_key": "key", "batch_size": 200})
SIGNED = {"Authorization": "Bearer token", "Accept": "application/json"}
SIZED = {**SIGNED, "Sforce-Query-Options": "batchSize=200"}
DATA = "/services/data/v67.0"
FIRST, SECOND = "003SB0000000001AAA", "003SB0000000002AAA"
START, END = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 2, tzinfo=UTC)
LIMITS = {"DailyApiRequests": {"Max": 15000, "Remaining": 14998}}
GONE = {
    "deletedRecords": [{"deletedDate": "2026-10-01T10:00:00.000+0000", "id": FIRST}],
    "earliestDateAvailable": "2026-09-01T00:00:00.000+0000",
    "latestDateCovered": "2026-10-02T00:00:00.000+0000",
}


def rows(*found: str, **more: Any) -> dict[str, Any]:
    return {"totalSize": 2, "done": True, "records": [{"Id": each} for each in found], **more}


def ids(batches: Any) -> list[str]:
    return [row["Id"] for batch in batches for row in batch.items]


CASES = [
    Case(
        "check_health",
        lambda client: client.check_health(),
        (Turn("GET", f"{DATA}/limits", LIMITS, headers=SIGNED),),
        "14,998 of 15,000 API calls left today.",
    ),
    Case(
        "limits",
        lambda client: dict(client.limits()),
        (Turn("GET", f"{DATA}/limits", LIMITS, headers=SIGNED),),
        {"DailyApiRequests": Limit(15000, 14998)},
    ),
    Case(
        "list_versions",
        lambda client: client.list_versions(),
        (Turn("GET", "/services/data/", [{"version": "66.0"}, {"version": "67.0"}], headers=SIGNED),),
        ("v66.0", "v67.0"),
    ),
    Case(
        "query, two pages",
        lambda client: ids(client.query("SELECT Id FROM Contact")),
        (
            Turn(
                "GET",
                f"{DATA}/query",
                rows(FIRST, done=False, nextRecordsUrl=f"{DATA}/query/0r8A-1"),
                query={"q": "SELECT Id FROM Contact"},
                headers=SIZED,
            ),
            Turn("GET", f"{DATA}/query/0r8A-1", rows(SECOND), headers=SIZED),
        ),
        [FIRST, SECOND],
    ),
    Case(
        "query_all",
        lambda client: ids(client.query_all("SELECT Id FROM Contact")),
        (Turn("GET", f"{DATA}/queryAll", rows(FIRST, SECOND), query={"q": "SELECT Id FROM Contact"}, headers=SIZED),),
        [FIRST, SECOND],
    ),
    Case(
        "find",
        lambda client: ids(client.find("Contact", "LastName", "O'Neil")),
        (
            Turn(
                "GET",
                f"{DATA}/query",
                rows(FIRST, SECOND),
                query={"q": r"SELECT Id, SystemModstamp FROM Contact WHERE (LastName = 'O\'Neil') ORDER BY Id"},
                headers=SIZED,
            ),
        ),
        [FIRST, SECOND],
    ),
    Case(
        "upsert",
        lambda client: client.upsert("Contact", "Key__c", "a/b", {"LastName": "Meyer"}),
        (
            Turn(
                "PATCH",
                f"{DATA}/sobjects/Contact/Key__c/a%2Fb",
                {"id": FIRST, "success": True, "errors": [], "created": True},
                201,
                sent={"LastName": "Meyer"},
                headers=SIGNED,
            ),
        ),
        Upserted(FIRST, created=True),
    ),
    Case(
        "get_deleted",
        lambda client: client.get_deleted("Contact", START, END),
        (
            Turn(
                "GET",
                f"{DATA}/sobjects/Contact/deleted/",
                GONE,
                query={"start": "2026-10-01T00:00:00+00:00", "end": "2026-10-02T00:00:00+00:00"},
                headers=SIGNED,
            ),
        ),
        Deleted((DeletedRow(FIRST, datetime(2026, 10, 1, 10, tzinfo=UTC)),), END),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_operation_asks_and_reads_as_documented(case: Case) -> None:
    assert SALESFORCE.outcome(case) == case.result


@pytest.mark.parametrize(
    ("status", "word", "code"),
    [
        (403, "API_DISABLED_FOR_ORG", Code.FORBIDDEN),
        (404, "NOT_FOUND", Code.NOT_FOUND),
        (400, "DUPLICATE_VALUE", Code.CONFLICT),
        (403, "REQUEST_LIMIT_EXCEEDED", Code.RATE_LIMITED),
        (400, "INVALID_FIELD", Code.HTTP_ERROR),
        (503, "SERVER_UNAVAILABLE", Code.SERVER_ERROR),
    ],
)
def test_what_salesforce_refuses_has_the_meaning_of_its_own_code(status: int, word: str, code: Code) -> None:
    turn = Turn("GET", f"{DATA}/limits", [{"message": "In its words", "errorCode": word}], status)
    error = SALESFORCE.refused(lambda client: client.limits(), turn)
    assert error.code is code
    assert "In its words" in str(error)
