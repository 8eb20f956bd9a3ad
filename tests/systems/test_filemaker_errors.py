"""FileMaker: answers that are not as promised, and how requests go over the wire."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from integrations import credentials
from integrations.connections import client_for
from integrations.models import Call, Service
from integrations.repeatable import objection
from integrations.systems.filemaker.client import Client
from integrations.systems.filemaker.records import Found, ScriptRun
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from tests.calling import cause
from tests.transport.server import Reply, ScriptedServer

PASSWORD = "a password: with colon"
RECORD = {"fieldData": {"Name": "Ada"}, "portalData": {}, "recordId": "1", "modId": "0"}
ROOT = "/fmi/data/v2/databases/F%C3%BCnf%20T%C3%BCrme/layouts/A%2FB%3F%20%26%20C"

Use = Callable[[Client], object]
OPERATIONS: dict[str, Use] = {
    "check_health": lambda client: client.check_health(),
    "list_records": lambda client: list(client.list_records({})),
    "find_records": lambda client: client.find_records([{"Name": "Ada"}]),
    "get_record": lambda client: client.get_record("1"),
    "create_record": lambda client: client.create_record({"Name": "Ada"}),
    "update_record": lambda client: client.update_record("1", {"Name": "Ada"}, "0"),
    "run_script": lambda client: client.run_script("Tidy up"),
}


def told(response: Any, code: Any = "0", status: int = 200) -> Reply:
    return Reply(status, json.dumps({"response": response, "messages": [{"code": code, "message": "Words"}]}).encode())


LOG_IN = told({"token": "a-token"})


@pytest.fixture
def service(db: None, remote: ScriptedServer) -> Service:
    options = {"database": "Fünf Türme", "layout": "A/B? & C", "username": "console", "version": "v2", "page_size": 2}
    made = Service.objects.create(slug="fm", name="FM", system="filemaker", base_url=remote.url, options=options)
    credentials.store(made, "password", PASSWORD)
    return made


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with client_for(service, cause(), attempts=1) as made:
        assert isinstance(made, Client)
        yield made


def failure_of(use: Use, client: Client) -> CallError:
    with pytest.raises(CallError) as failure:
        use(client)
    return failure.value


def test_the_session_is_asked_for_as_the_documentation_wants(client: Client, remote: ScriptedServer) -> None:
    remote.answers(LOG_IN, told({"data": [RECORD]}))
    client.get_record("1")
    log_in, use = remote.asked
    assert (log_in.method, log_in.target) == ("POST", "/fmi/data/v2/databases/F%C3%BCnf%20T%C3%BCrme/sessions")
    assert (log_in.body, log_in.headers["content-type"]) == (b"{}", "application/json")
    assert log_in.headers["authorization"] == f"Basic {b64encode(f'console:{PASSWORD}'.encode()).decode()}"
    assert (use.method, use.target) == ("GET", f"{ROOT}/records/1?dateformats=2")
    assert use.headers["authorization"] == "Bearer a-token"


def test_a_list_is_asked_for_from_one_on_in_the_order_of_the_field(service: Service, remote: ScriptedServer) -> None:
    service.options |= {"sort_field": "Key & no."}
    page = told({"dataInfo": {"foundCount": 3}, "data": [RECORD, {**RECORD, "recordId": "2"}]})
    rest = told({"dataInfo": {"foundCount": 3}, "data": [{**RECORD, "recordId": "2"}, {**RECORD, "recordId": "3"}]})
    remote.answers(LOG_IN, page, rest)
    with client_for(service, cause()) as client:
        assert isinstance(client, Client)
        assert [len(batch.items) for batch in client.list_records({})] == [2, 1]
    asked = [parse_qs(urlsplit(each.target).query) for each in remote.asked[1:]]
    assert [(each["_offset"], each["_limit"]) for each in asked] == [(["1"], ["2"]), (["2"], ["2"])]
    assert json.loads(asked[0]["_sort"][0]) == [{"fieldName": "Key & no.", "sortOrder": "ascend"}]


def test_a_query_is_sent_as_the_documentation_wants(client: Client, remote: ScriptedServer) -> None:
    remote.answers(LOG_IN, told({"data": [RECORD]}))
    client.find_records([{"Name": "==Ada"}, {"City": "Ulm", "omit": "true"}], {"Name": "descend"}, limit=5, offset=6)
    asked = remote.asked[1]
    assert (asked.method, asked.target) == ("POST", f"{ROOT}/_find")
    assert json.loads(asked.body) == {
        "query": [{"Name": "==Ada"}, {"City": "Ulm", "omit": "true"}],
        "sort": [{"fieldName": "Name", "sortOrder": "descend"}],
        "limit": "5",
        "offset": "6",
        "dateformats": 2,
    }


def test_the_modification_id_is_sent_though_it_is_0(client: Client, remote: ScriptedServer) -> None:
    remote.answers(LOG_IN, told({"modId": "1"}))
    client.update_record("1", {"Name": "Ada"}, "0")
    assert (remote.asked[1].method, remote.asked[1].target) == ("PATCH", f"{ROOT}/records/1")
    assert json.loads(remote.asked[1].body) == {"fieldData": {"Name": "Ada"}, "modId": "0"}


@pytest.mark.parametrize(
    "use",
    [
        lambda client: client.get_record("1/../../x"),
        lambda client: client.delete_record(""),
        lambda client: client.update_record("1", {}, ""),
        lambda client: client.update_record("٣", {}, "0"),
        lambda client: client.run_script(".."),
    ],
)
def test_what_is_no_id_and_no_name_is_never_sent(client: Client, remote: ScriptedServer, use: Use) -> None:
    assert failure_of(use, client).code is Code.NOT_SENDABLE
    assert remote.asked == []


def test_without_a_layout_nothing_is_sent(service: Service, remote: ScriptedServer) -> None:
    service.options |= {"layout": ""}
    with client_for(service, cause()) as client, pytest.raises(CallError, match="There is no layout"):
        client.check_health()
    assert remote.asked == []


@pytest.mark.parametrize("status", [200, 400, 500])
def test_no_match_is_empty_whatever_the_status(client: Client, remote: ScriptedServer, status: int) -> None:
    remote.answers(LOG_IN, told({}, "401", status))
    assert client.find_records([{"Name": "nobody"}]) == Found((), 0)
    assert list(client.list_records({})) == []


@pytest.mark.parametrize("status", [200, 401, 500])
def test_a_session_is_dead_by_its_code_and_replaced_once(client: Client, remote: ScriptedServer, status: int) -> None:
    remote.answers(LOG_IN, told({}, "952", status), LOG_IN, told({}, "952", status))
    failure = failure_of(OPERATIONS["update_record"], client)
    assert failure.code is Code.AUTH_FAILED
    assert "code 952" in str(failure)
    assert [asked.method for asked in remote.asked] == ["POST", "PATCH"] * 2


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("102", 500, Code.HTTP_ERROR),
        ("105", 200, Code.HTTP_ERROR),
        (105, 500, Code.HTTP_ERROR),
        ("802", 500, Code.HTTP_ERROR),
        ("9", 500, Code.FORBIDDEN),
        ("201", 500, Code.FORBIDDEN),
        ("306", 200, Code.CONFLICT),
        ("504", 500, Code.CONFLICT),
        ("507", 500, Code.HTTP_ERROR),
        ("953", 500, Code.SERVER_ERROR),
        ("956", 200, Code.SERVER_ERROR),
        ("960", 400, Code.HTTP_ERROR),
        ("1708", 500, Code.HTTP_ERROR),
        ("-1", 500, Code.SERVER_ERROR),
        ("8003", 200, Code.HTTP_ERROR),
    ],
)
def test_the_code_counts_and_not_the_status(
    client: Client, remote: ScriptedServer, code: str, status: int, kind: Code
) -> None:
    remote.answers(LOG_IN, told({}, code, status))
    failure = failure_of(OPERATIONS["get_record"], client)
    assert failure.code is kind
    assert f"It answered {status}" in str(failure)
    assert f"code {code}" in str(failure) or f"code is {code}" in str(failure)


@pytest.mark.parametrize("use", [pytest.param(use, id=name) for name, use in OPERATIONS.items()])
@pytest.mark.parametrize(
    "body",
    [
        b"null",
        b"[]",
        b'"text"',
        b"{}",
        b'{"messages": [{"code": "0"}]}',
        b'{"response": [], "messages": [{"code": "0"}]}',
        b'{"response": {}, "messages": []}',
        b'{"response": {}, "messages": [{"code": {}}]}',
        b'{"response": {}, "messages": [{"code": "0"}]}',
        b'{"response": {"data": {}, "modId": 1.5, "scriptError": []}, "messages": [{"code": "0"}]}',
    ],
)
def test_nonsense_is_an_unreadable_answer(client: Client, remote: ScriptedServer, use: Use, body: bytes) -> None:
    remote.answers(LOG_IN, Reply(body=body))
    assert failure_of(use, client).code is Code.BAD_ANSWER


def test_a_record_that_is_none_is_an_unreadable_answer(client: Client, remote: ScriptedServer) -> None:
    remote.answers(LOG_IN, told({"data": [{**RECORD, "modId": None}]}))
    for name in ("get_record", "find_records"):
        assert failure_of(OPERATIONS[name], client).code is Code.BAD_ANSWER


@pytest.mark.parametrize("total", [None, "3", -1, 1.5, True, 10**30])
def test_a_count_that_is_none_is_left_out(client: Client, remote: ScriptedServer, total: Any) -> None:
    remote.answers(LOG_IN, told({"dataInfo": {"foundCount": total}, "data": [RECORD]}))
    assert client.check_health() == ""
    assert client.find_records([{"Name": "Ada"}]).total is None


def test_a_page_of_a_web_server_says_what_does_not_run(client: Client, remote: ScriptedServer) -> None:
    remote.answers(LOG_IN, Reply(502, b"<html>Bad Gateway</html>", content_type="text/html"))
    failure = failure_of(OPERATIONS["get_record"], client)
    assert failure.code is Code.SERVER_ERROR
    assert "The Data API engine does not run" in str(failure)


def test_a_page_with_200_is_an_unreadable_answer(client: Client, remote: ScriptedServer) -> None:
    remote.answers(LOG_IN, Reply(body=b"<html>Welcome</html>", content_type="text/html"))
    assert failure_of(OPERATIONS["check_health"], client).code is Code.BAD_ANSWER


def test_a_secret_in_the_words_of_an_error_is_blanked(client: Client, remote: ScriptedServer) -> None:
    body = {"response": {}, "messages": [{"code": "105", "message": f"no layout for {PASSWORD} of a-token"}]}
    remote.answers(LOG_IN, Reply(500, json.dumps(body).encode()))
    failure = str(failure_of(OPERATIONS["get_record"], client))
    assert "no layout for" in failure
    assert PASSWORD not in failure
    assert "a-token" not in failure


@pytest.mark.parametrize("name", ["run_script", "create_record", "update_record"])
def test_what_may_have_been_done_is_not_done_again(service: Service, remote: ScriptedServer, name: str) -> None:
    remote.answers(LOG_IN, Reply(reset=True), told({"scriptError": "0", "recordId": "1", "modId": "1"}))
    with client_for(service, cause(), attempts=3) as client:
        assert isinstance(client, Client)
        assert failure_of(OPERATIONS[name], client).code is Code.OUTCOME_UNKNOWN
    assert remote.arrivals(2) == 2
    assert objection(Call.objects.latest("pk"))


def test_a_script_is_asked_for_by_its_name_as_a_whole(client: Client, remote: ScriptedServer) -> None:
    remote.answers(LOG_IN, told({"scriptError": "5", "scriptResult": "half of it"}))
    assert client.run_script("Tidy/up?", "a&b") == ScriptRun("5", "half of it")
    asked = remote.asked[1]
    assert (asked.method, asked.target) == ("GET", f"{ROOT}/script/Tidy%2Fup%3F?script.param=a%26b")
