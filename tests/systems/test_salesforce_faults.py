"""Salesforce: its errors in our words, and answers that are none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.systems.base import BadItem
from integrations.systems.salesforce import streams
from integrations.systems.salesforce.client import Client
from integrations.transport.codes import Code
from integrations.transport.errors import Truncated
from tests.systems import salesforce_org as org
from tests.transport.server import Reply, ScriptedServer

MOMENT = datetime(2026, 10, 1, tzinfo=UTC)
PAGE = {"totalSize": 1, "done": True, "records": [{"Id": "1"}]}
WRITTEN = {"id": "003SB0000000001AAA", "success": True, "errors": [], "created": True}

pytestmark = pytest.mark.django_db


def query(client: Client) -> list[Any]:
    return list(client.query("SELECT Id FROM Contact"))


def upsert(client: Client) -> object:
    return client.upsert("Contact", "Key__c", "1", {"LastName": "x"})


@pytest.mark.parametrize(
    ("reply", "code", "sentence"),
    [
        (
            org.refused(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
            Code.RATE_LIMITED,
            "It answered 403: TotalRequests Limit exceeded. The API calls of the last 24 hours are used up",
        ),
        (
            org.refused(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests Limit exceeded."),
            Code.RATE_LIMITED,
            "run longer than 20 seconds",
        ),
        (org.refused(503, "SERVER_UNAVAILABLE"), Code.SERVER_ERROR, "https://status.salesforce.com"),
        (org.refused(400, "QUERY_TIMEOUT"), Code.HTTP_ERROR, "narrow “Condition”"),
        (org.refused(400, "INVALID_QUERY_LOCATOR"), Code.TRUNCATED, "a new run begins anew"),
        (org.refused(403, "API_DISABLED_FOR_ORG"), Code.FORBIDDEN, "“API Enabled”"),
        (org.refused(400, "DUPLICATE_VALUE"), Code.CONFLICT, "must be unique"),
        (org.refused(400, "DUPLICATES_DETECTED"), Code.CONFLICT, "duplicate rule"),
        (org.refused(404, "ENTITY_IS_DELETED"), Code.CONFLICT, "recycle bin"),
        (org.refused(400, "INSUFFICIENT_ACCESS_OR_READONLY"), Code.FORBIDDEN, "may not change"),
        (org.refused(400, "STRING_TOO_LONG"), Code.HTTP_ERROR, "It answered 400: In the words of Salesforce."),
        (org.said([], 400), Code.HTTP_ERROR, "It answered 400."),
        (org.said(["text", None], 500), Code.SERVER_ERROR, "It answered 500."),
        (org.said([{"errorCode": ["NOT_FOUND"]}], 400), Code.HTTP_ERROR, "It answered 400."),
        (org.said({"error": "x"}, 404), Code.NOT_FOUND, "It answered 404: x."),
        (Reply(502, b"<html>Bad gateway</html>", content_type="text/html"), Code.SERVER_ERROR, "It answered 502."),
    ],
)
def test_an_error_is_told_with_what_to_do(remote: ScriptedServer, reply: Reply, code: Code, sentence: str) -> None:
    error = org.failure(remote, query, reply)
    assert error.code is code
    assert sentence in str(error)


@pytest.mark.parametrize("body", [["/services/data/a", "/services/data/b"], None, {}, []])
def test_several_matches_are_a_conflict_whatever_is_said_of_them(remote: ScriptedServer, body: Any) -> None:
    error = org.failure(remote, upsert, org.said(body, 300))
    assert error.code is Code.CONFLICT
    assert " at Salesforce have this external id, so none was changed" in str(error)


@pytest.mark.parametrize("answer", [None, [], "text", 5, {}, {"records": {}, "done": True}, {"records": []}])
def test_a_query_answered_with_nonsense_is_an_unreadable_answer(remote: ScriptedServer, answer: Any) -> None:
    assert org.failure(remote, query, org.said(answer)).code is Code.BAD_ANSWER


@pytest.mark.parametrize("work", [query, upsert, Client.limits, Client.check_health, Client.list_versions])
def test_a_web_page_is_an_unreadable_answer(remote: ScriptedServer, work: Callable[[Client], object]) -> None:
    page = Reply(200, b"<html>Log in</html>", content_type="text/html")
    assert org.failure(remote, work, page).code is Code.BAD_ANSWER


@pytest.mark.parametrize(
    ("work", "answer"),
    [
        (upsert, {}),
        (upsert, {**WRITTEN, "success": False}),
        (upsert, {**WRITTEN, "id": 5}),
        (upsert, {**WRITTEN, "created": "yes"}),
        (upsert, [WRITTEN]),
        (Client.limits, []),
        (Client.check_health, {}),
        (Client.check_health, {"DailyApiRequests": {"Max": True, "Remaining": 1}}),
        (Client.check_health, {"DailyApiRequests": {"Max": "5000", "Remaining": 1}}),
        (Client.check_health, {"DailyApiRequests": 5}),
        (Client.list_versions, {"version": "67.0"}),
        (Client.list_versions, [5, {}]),
        (lambda client: client.get_deleted("Contact", MOMENT, MOMENT), {}),
        (lambda client: client.get_deleted("Contact", MOMENT, MOMENT), {"deletedRecords": []}),
        (
            lambda client: client.get_deleted("Contact", MOMENT, MOMENT),
            {"deletedRecords": [{"id": "1"}], "latestDateCovered": "2026-10-01T00:00:00.000+0000"},
        ),
    ],
)
def test_any_other_nonsense_is_an_unreadable_answer(
    remote: ScriptedServer, work: Callable[[Client], object], answer: Any
) -> None:
    assert org.failure(remote, work, org.said(answer)).code is Code.BAD_ANSWER


@pytest.mark.parametrize(
    "link",
    [None, 5, "", "/elsewhere/0r8A", "https://stranger.example/services/data/v67.0/query/0r8A", "http://[", "/a b"],
)
def test_a_next_page_that_is_none_is_not_followed(remote: ScriptedServer, link: Any) -> None:
    error = org.failure(remote, query, org.said({**PAGE, "done": False, "nextRecordsUrl": link}))
    assert error.code is Code.BAD_PAGING
    assert len(remote.asked) == 2


def test_pages_that_go_round_in_circles_end(remote: ScriptedServer) -> None:
    page = {**PAGE, "totalSize": 9, "done": False, "nextRecordsUrl": f"{org.DATA}/query/0r8A-1"}
    assert org.failure(remote, query, org.said(page), org.said(page)).code is Code.BAD_PAGING


def test_a_list_that_is_shorter_than_declared_is_told(remote: ScriptedServer) -> None:
    assert isinstance(org.failure(remote, query, org.said({**PAGE, "totalSize": 3})), Truncated)


@pytest.mark.parametrize("total", [None, "1", -1, True, 10**30])
def test_a_strange_total_loses_nothing(remote: ScriptedServer, total: Any) -> None:
    with org.scripted(remote, org.said({**PAGE, "totalSize": total})) as client:
        (batch,) = query(client)
    assert (batch.total, batch.items) == (None, [{"Id": "1"}])


@pytest.mark.parametrize("row", [None, "text", 5, [], {}, {"Id": None}, {"Id": 5}, {"Id": "../003"}, {"Id": "003"}])
def test_a_row_without_an_id_is_set_aside(remote: ScriptedServer, row: Any) -> None:
    with org.scripted(remote, org.said({**PAGE, "records": [row]})) as client:
        (page,) = streams.records(client, {})
    (item,) = page.items
    assert isinstance(item, BadItem)
    assert (item.external_id, item.field, item.raw) == ("", "Id", row)


@pytest.mark.parametrize(("status", "created"), [(204, False), (201, True)])
def test_a_write_without_a_body_is_done(remote: ScriptedServer, status: int, created: bool) -> None:
    with org.scripted(remote, org.said(None, status)) as client:
        found = client.upsert("Contact", "Key__c", "1", {})
    assert (found.id, found.created) == ("", created)


def test_an_upsert_without_an_answer_may_be_sent_again(remote: ScriptedServer) -> None:
    assert org.failure(remote, upsert, Reply(reset=True)).code is Code.CONNECTION_BROKEN


def test_moments_are_sent_in_utc(remote: ScriptedServer) -> None:
    answer = {"deletedRecords": [], "latestDateCovered": "2026-10-01T00:00:00.000+0000"}
    with org.scripted(remote, org.said(answer)) as client:
        assert client.get_deleted("Contact", MOMENT, MOMENT).covered_until == MOMENT
    stamp = "2026-10-01T00%3A00%3A00%2B00%3A00"
    assert remote.asked[1].target == f"{org.DATA}/sobjects/Contact/deleted/?start={stamp}&end={stamp}"
