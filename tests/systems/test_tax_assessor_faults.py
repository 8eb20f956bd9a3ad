"""The tax assessor: health, refusals, and answers that are none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integrations import credentials, ops, systems, tasks
from integrations.models import Call, HealthCheck, Service
from integrations.systems.tax_assessor import sandbox, soda, streams
from integrations.transport.codes import Code
from integrations.transport.errors import CallError, Parked
from tests.systems.contract import client_of, service_of
from tests.transport.server import Reply, ScriptedServer

PIN = "14081010010000"
VALUED = Reply(body=json.dumps([{"pin": PIN, "year": "2025", "mailed_tot": "9"}]).encode())
ACCEPTED = Reply(status=202, body=b'{"code": "accepted", "error": true, "message": "Still working"}')
MODIFIED = ("Last-Modified", "Sun, 01 Feb 2026 10:00:00 GMT")
NO_COLUMN = (
    "Query coordinator error: query.soql.no-such-column; No such column: colour; position: "
    'Map(row -> 1, column -> 8, line -> "SELECT `colour`\\n  ^")'
)


@pytest.fixture
def assessor(db: None, sandbox_url: str) -> Service:
    return service_of(systems.get("tax_assessor"), sandbox_url)


@pytest.fixture
def calling(assessor: Service, remote: ScriptedServer) -> Service:
    assessor.base_url = remote.url
    assessor.save()
    return assessor


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between two questions that are the same; nobody waits for them."""
    made: list[float] = []
    monkeypatch.setattr(f"{soda.__name__}.Soda._asked_again.retry.sleep", made.append)
    return made


def assess(service: Service) -> Any:
    with client_of(service) as client:
        return client.get_assessment(PIN)


def health(service: Service) -> str:
    with client_of(service) as client:
        remark: str = client.check_health()
    return remark


def refused(service: Service) -> CallError:
    with pytest.raises(CallError) as failure:
        assess(service)
    return failure.value


def error(status: int, **body: Any) -> Reply:
    return Reply(status=status, body=json.dumps(body).encode())


def test_health_says_of_when_the_data_is(assessor: Service) -> None:
    assert health(assessor) == "Data of 12 March 2026."


@pytest.mark.parametrize(
    ("headers", "remark"),
    [
        ((("X-SODA2-Truth-Last-Modified", "Thu, 12 Mar 2026 08:15:00 GMT"), MODIFIED), "Data of 12 March 2026."),
        ((MODIFIED,), "Data of 1 February 2026."),
        ((("X-SODA2-Truth-Last-Modified", "some time ago"),), ""),
        ((), ""),
    ],
)
def test_health_takes_what_the_headers_say(
    calling: Service, remote: ScriptedServer, headers: tuple[tuple[str, str], ...], remark: str
) -> None:
    remote.answers(Reply(body=b'[{"pin": "1"}]', headers=headers))
    assert health(calling) == remark
    (asked,) = remote.asked
    assert asked.target.startswith("/resource/uzyt-m557.json?%24select=pin%2Cyear%2Cboard_land%2Cboard_bldg")
    assert asked.target.endswith("&%24limit=1")


def test_health_tells_an_empty_data_set(calling: Service, remote: ScriptedServer) -> None:
    remote.answers(Reply(body=b"[]"))
    assert health(calling) == "The data set is empty."


def test_health_finds_a_column_that_is_none(assessor: Service) -> None:
    assessor.options = {**assessor.options, "stages": "mailed, sealed"}
    with pytest.raises(CallError) as failure:
        health(assessor)
    assert str(failure.value) == "It answered 400: No such column: sealed_land."
    assert failure.value.code is Code.HTTP_ERROR


def test_a_wrong_token_is_told_with_the_mend(assessor: Service) -> None:
    credentials.store(assessor, "app_token", "of-somebody-else")
    check = ops.check(assessor, HealthCheck.Trigger.COMMAND)
    tasks.check_health(str(check.pk))
    check.refresh_from_db()
    assert (check.state, check.failure_code) == ("failed", "auth_failed")
    assert check.failure_message.startswith("The app token is not valid (403)")
    assert check.failure_message.endswith("Check the credentials of the service.")


def test_another_refusal_stays_one(calling: Service, remote: ScriptedServer) -> None:
    remote.answers(error(403, code="permission_denied", error=True, message="You must be logged in"))
    failure = refused(calling)
    assert (failure.code, str(failure)) == (Code.FORBIDDEN, "It answered 403: You must be logged in.")


def test_a_data_set_that_is_none_is_an_error_and_no_missing_parcel(assessor: Service) -> None:
    assessor.options = {**assessor.options, "assessments_dataset": "aaaa-0000"}
    for _ in range(2):
        failure = refused(assessor)
        assert (failure.code, str(failure)) == (Code.NOT_FOUND, "There is no data set “aaaa-0000” (404).")
    assert list(Call.objects.values_list("cache", flat=True)) == ["", ""]


@pytest.mark.parametrize("key", ["errorCode", "code"])
def test_what_is_wrong_with_a_query_is_said_without_the_noise(
    calling: Service, remote: ScriptedServer, key: str
) -> None:
    remote.answers(error(400, message=NO_COLUMN, **{key: "query.soql.no-such-column"}))
    failure = refused(calling)
    assert (failure.code, str(failure)) == (Code.HTTP_ERROR, "It answered 400: No such column: colour.")


def test_a_filter_that_is_no_soql_reaches_staff(assessor: Service) -> None:
    assessor.options = {**assessor.options, "parcels_where": "year ="}
    with pytest.raises(CallError, match="It answered 400: Could not parse SoQL query"), client_of(assessor) as client:
        next(streams.parcels(client, {}))


def test_too_many_calls_are_waited_for(calling: Service, remote: ScriptedServer) -> None:
    remote.answers(Reply(status=429, headers=(("Retry-After", "120"),)))
    with pytest.raises(Parked):
        assess(calling)


def test_an_answer_that_is_still_prepared_is_asked_for_again(
    calling: Service, remote: ScriptedServer, pauses: list[float]
) -> None:
    remote.answers(ACCEPTED, ACCEPTED, VALUED)
    assert assess(calling).total == 9
    assert len({asked.target for asked in remote.asked}) == 1
    assert len(pauses) == 1


def test_what_is_still_prepared_after_a_while_is_an_error_that_may_pass(
    calling: Service, remote: ScriptedServer, pauses: list[float]
) -> None:
    remote.answers(ACCEPTED)
    failure = refused(calling)
    assert (failure.code, str(failure)) == (Code.SERVER_ERROR, "It is still preparing the answer (202).")
    assert (len(remote.asked), len(pauses)) == (4, 2)


def test_that_an_answer_was_still_prepared_is_not_believed_for_a_day(
    calling: Service, remote: ScriptedServer, pauses: list[float]
) -> None:
    remote.answers(ACCEPTED)
    refused(calling)
    remote.answers(VALUED)
    assert assess(calling).total == 9


@pytest.mark.parametrize("body", [b"{}", b'{"error": true}', b'"no"', b"null", b"", b"[1]", b"[[]]", b"[null]"])
def test_an_answer_without_rows_is_refused(calling: Service, remote: ScriptedServer, body: bytes) -> None:
    remote.answers(Reply(body=body))
    failure = refused(calling)
    assert (failure.code, str(failure)) == (Code.BAD_ANSWER, "The answer is no list of rows.")


def test_a_web_page_with_200_is_refused(calling: Service, remote: ScriptedServer) -> None:
    remote.answers(Reply(body=b"<html>Sign in</html>", content_type="text/html"))
    failure = refused(calling)
    assert (failure.code, str(failure)) == (Code.BAD_ANSWER, "The answer is not JSON (it says it is text/html).")


@pytest.mark.parametrize(
    ("target", "status", "message"),
    [
        ("uzyt-m557.json?$bogus=1", 400, "Unrecognized arguments [$bogus]"),
        ("uzyt-m557.json?$select=:id,*", 400, "Star selections must come at the start of the select-list"),
        ("uzyt-m557.json?$limit=many", 400, "Invalid value for $limit: many"),
        ("aaaa-0000.json", 404, "Not found"),
    ],
)
def test_the_sandbox_refuses_what_socrata_refuses(rf: Any, target: str, status: int, message: str) -> None:
    name, _, query = target.partition(".json")
    answer = sandbox.resource(rf.get(f"/resource/{name}.json{query}"), name)
    assert (answer.status_code, json.loads(answer.content)["message"]) == (status, message)


def test_the_sandbox_only_reads(rf: Any) -> None:
    assert sandbox.resource(rf.post("/resource/uzyt-m557.json"), "uzyt-m557").status_code == 405
