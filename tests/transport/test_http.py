"""Where a request goes, and what is told of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from integrations.transport.codes import Code
from integrations.transport.details import CallDetails
from integrations.transport.errors import CallError
from integrations.transport.http import Transport
from integrations.transport.settings import Settings
from tests.transport.conftest import MakeTransport
from tests.transport.server import Reply, ScriptedServer


@pytest.mark.usefixtures("without_waiting")
def test_every_attempt_is_told_once_to_each_hook_under_one_chain(remote: ScriptedServer) -> None:
    first: list[CallDetails] = []
    second: list[CallDetails] = []
    remote.answers(Reply(500), Reply(reset=True), Reply())
    with Transport(Settings(base_url=remote.url), (first.append, second.append)) as transport:
        transport.get_json("try", "/")
        transport.get_json("try", "/")
    assert first == second
    assert [details.attempt for details in first] == [1, 2, 3, 1]
    assert len({details.chain for details in first[:3]}) == 1
    assert first[3].chain != first[0].chain


def test_an_attempt_is_told_with_its_figures(
    remote: ScriptedServer, transport: MakeTransport, heard: list[CallDetails]
) -> None:
    remote.answers(Reply(201, b'{"id": 7}', headers=(("X-Request-Id", "abc-1"),)))
    answer = transport().request("make thing", "POST", "/things", params={"dry": "1"}, payload={"name": "x"})
    assert (answer.status, answer.data, answer.body) == (201, {"id": 7}, b'{"id": 7}')
    (told,) = heard
    assert (told.operation, told.method, told.status, told.code) == ("make thing", "POST", 201, Code.OK)
    assert told.url == f"{remote.url}/things?dry=1"
    assert (told.error, told.remote_id) == ("", "abc-1")
    assert told.request
    assert told.response
    assert (told.request.body, told.response.body) == ('{"name": "x"}', '{"id": 7}')
    assert (told.request_bytes, told.response_bytes) == (13, 9)
    assert told.timings.first_byte is not None
    assert 0 < told.timings.first_byte <= told.timings.total
    assert datetime.now(UTC) - told.started_at < timedelta(minutes=1)


def test_a_header_that_comes_twice_is_told_with_both_its_values(
    remote: ScriptedServer, transport: MakeTransport, heard: list[CallDetails]
) -> None:
    remote.answers(Reply(headers=(("Via", "one"), ("Via", "two"))))
    assert transport().request("try", "GET", "/").headers["via"] == "one, two"
    (told,) = heard
    assert told.response
    assert told.response.headers["Via"] == "one, two"


@pytest.mark.parametrize("path", ["https://elsewhere.invalid/x", "//elsewhere.invalid/x", "a:b", "/../x", "x y"])
def test_no_path_leads_away_from_the_service(remote: ScriptedServer, transport: MakeTransport, path: str) -> None:
    transport().get_json("try", path)
    assert len(remote.asked) == 1


def test_a_path_is_joined_to_a_base_url_with_a_path(remote: ScriptedServer, transport: MakeTransport) -> None:
    for base in (f"{remote.url}/v1", f"{remote.url}/v1/"):
        for path in ("things", "/things"):
            transport(base_url=base).get_json("try", path)
    assert {request.target for request in remote.asked} == {"/v1/things"}


@pytest.mark.parametrize("header", ["naïve → token", "two\r\nlines", "\N{PILE OF POO}"])
def test_a_secret_that_no_header_can_hold_is_a_failed_call(
    transport: MakeTransport, heard: list[CallDetails], header: str
) -> None:
    with pytest.raises(CallError) as failure:
        transport(headers={"Authorization": header}, secrets=(header,)).get_json("try", "/")
    assert failure.value.code is Code.NOT_SENDABLE
    assert header not in str(failure.value)
    assert len(heard) == 1


@pytest.mark.parametrize("base_url", ["http://[::1", "ftp://127.0.0.1", "nonsense", "http://"])
def test_a_base_url_that_is_none_is_a_failed_call(heard: list[CallDetails], base_url: str) -> None:
    with Transport(Settings(base_url=base_url), (heard.append,)) as nowhere, pytest.raises(CallError) as failure:
        nowhere.get_json("try", "/")
    assert failure.value.code is Code.NOT_SENDABLE
    assert len(heard) == 1
