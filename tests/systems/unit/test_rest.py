"""The REST client alone: what it asks and reads as its options say."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.transport.codes import Code
from tests.systems.unit.alone import Alone, Case, Turn

OPTIONS = {
    "sign_in": "bearer",
    "resource_path": "/tickets",
    "query": "status=open",
    "pagination": "cursor",
    "next_path": "after",
    "page_size": 2,
    "since_parameter": "changed_since",
    "since_format": "seconds",
}
TICKETS = Alone("rest", "https://api.example.org", OPTIONS)
SIGNED, OPEN = {"Authorization": "Bearer secret"}, {"status": "open", "limit": 2}


def answer(*ids: int, after: str | None = None) -> dict[str, Any]:
    return {"items": [{"id": each} for each in ids], "after": after}


@pytest.mark.parametrize(
    "case",
    [
        Case(
            "check_health",
            lambda client: client.check_health(),
            (Turn("GET", "/tickets", answer(1), query={"status": "open", "limit": 1}, headers=SIGNED),),
            "The list is there; it does not say how long it is.",
        ),
        Case(
            "list_items",
            lambda client: [item["id"] for batch in client.list_items({}) for item in batch.items],
            (
                Turn("GET", "/tickets", answer(1, 2, after="b"), query=OPEN, headers=SIGNED),
                Turn("GET", "/tickets", answer(3), query={**OPEN, "cursor": "b"}, headers=SIGNED),
            ),
            [1, 2, 3],
        ),
        Case(
            "list_items, what changed",
            lambda client: [
                item["id"]
                for batch in client.list_items({"since": "2026-03-01T00:00:00+00:00"})
                for item in batch.items
            ],
            (Turn("GET", "/tickets", answer(7), query={**OPEN, "changed_since": 1772323200}, headers=SIGNED),),
            [7],
        ),
        Case(
            "detect_shape",
            lambda client: client.detect_shape().suggestions["items_path"],
            (Turn("GET", "/tickets", {"data": [{"id": 1}, {"id": 2}]}, query={"status": "open"}, headers=SIGNED),),
            "data",
        ),
    ],
    ids=str,
)
def test_an_operation_asks_and_reads_as_its_options_say(case: Case) -> None:
    assert TICKETS.outcome(case) == case.result


@pytest.mark.parametrize(
    ("status", "said", "code"),
    [
        (401, {"error": "who are you"}, Code.AUTH_FAILED),
        (403, {"error": "you may not"}, Code.FORBIDDEN),
        (404, {"error": "no such list"}, Code.NOT_FOUND),
        (422, {"error": "limit must be a number"}, Code.HTTP_ERROR),
        (502, "Bad gateway", Code.SERVER_ERROR),
        (200, {"tickets": []}, Code.BAD_ANSWER),
    ],
)
def test_what_is_refused_has_one_of_our_codes(status: int, said: Any, code: Code) -> None:
    turn = Turn("GET", "/tickets", said, status, query={"status": "open", "limit": 1})
    assert TICKETS.refused(lambda client: client.check_health(), turn).code is code
