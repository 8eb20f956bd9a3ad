"""Tokens that are had from the remote: once, in time, and once more when they turn out to be dead."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

import pytest

from integrations.systems.auth import Dead, Kind, Reading, SessionToken
from integrations.transport.codes import Code
from integrations.transport.details import CallDetails
from integrations.transport.errors import CallError
from integrations.transport.gate import Gate
from integrations.transport.http import Transport
from integrations.transport.settings import Settings
from tests.peers import guarded
from tests.peers.authorization_server import AuthorizationServer
from tests.peers.loopback import LIST, Loopback, Told
from tests.peers.session_server import SessionServer
from tests.transport.server import Reply, ScriptedServer
from tests.transport.signing import SESSION_ANSWER, Make, aged, anything, token_auth, told
from tests.transport.stores import Kept

CLIENT_IN_BODY = replace(guarded.CLIENT, in_body=True)
OAUTH = {"client in header": guarded.CLIENT, "client in body": CLIENT_IN_BODY, "assertion": guarded.ASSERTION}
each_oauth = pytest.mark.parametrize("kind", OAUTH.values(), ids=OAUTH)


@each_oauth
def test_a_token_is_fetched_once_and_used_for_every_call(
    oauth_server: AuthorizationServer, make: Make, heard: list[CallDetails], kind: Kind
) -> None:
    transport = make(kind, oauth_server)
    assert [transport.get_json("list", "/things") for _ in range(3)] == [LIST] * 3
    assert told(heard) == [("fetch_token", 200, Code.OK), *[("list", 200, Code.OK)] * 3]
    assert {question.headers["authorization"] for question in oauth_server.resource_requests} == {
        f"Bearer {next(iter(oauth_server.tokens))}"
    }


def test_a_session_is_begun_once_and_used_for_every_call(
    session_server: SessionServer, make: Make, heard: list[CallDetails]
) -> None:
    transport = make(guarded.SESSION, session_server)
    for _ in range(3):
        transport.get_json("list", "/things")
    assert (session_server.logins, session_server.bad_logins, len(session_server.sessions)) == (1, 0, 1)
    assert told(heard) == [("log_in", 200, Code.OK), *[("list", 200, Code.OK)] * 3]
    assert session_server.asked[0].path == "/databases/F%C3%BCnf%20T%C3%BCrme/sessions"


def test_a_log_in_with_a_payload_and_a_header_of_its_own(make: Make) -> None:
    class Umami(Loopback):
        rules = SessionServer().rules

        def answer(self, question: Any) -> Told:
            if question.path == "/auth/login":
                assert question.body == b'{"username": "console", "password": "a password: with colon"}'
                return Told(200, {"data": {"access": "s-1", "expires": 900_000}})
            return Told(200 if question.headers.get("x-session") == "s-1" else 401, LIST)

    payload = {"username": "{username}", "password": "{password}", "otp": "{scope}"}
    reading = Reading("data.access", "data.expires", unit_s=0.001)
    kind = SessionToken("/auth/login", ("username",), payload, header="X-Session", scheme="", reading=reading)
    store = Kept()
    with Umami() as peer:
        assert make(kind, peer, store).get_json("list", "/") == LIST
    assert store.token
    assert store.token.expires_at == store.token.obtained_at + timedelta(minutes=15)


@each_oauth
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("attempts", [1, 3])
def test_a_dead_token_is_replaced_once_whatever_the_method_and_the_attempts(
    oauth_server: AuthorizationServer, make: Make, heard: list[CallDetails], kind: Kind, method: str, attempts: int
) -> None:
    transport = make(kind, oauth_server, attempts=attempts)
    transport.get_json("list", "/things")
    oauth_server.revoke_all()
    heard.clear()
    assert transport.request("change", method, "/things", payload={"a": 1}).data == LIST
    assert told(heard) == [
        ("change", 401, Code.AUTH_FAILED),
        ("fetch_token", 200, Code.OK),
        ("change", 200, Code.OK),
    ]
    first, fetched, second = heard
    assert (first.chain, first.attempt, second.attempt) == (second.chain, 1, 1)
    assert (fetched.chain != first.chain, fetched.attempt) == (True, 1)


def test_a_second_refusal_is_the_answer(
    oauth_server: AuthorizationServer, make: Make, heard: list[CallDetails]
) -> None:
    oauth_server.rules.life_s = 0  # said and kept: every token is dead when it arrives
    with pytest.raises(CallError) as failure:
        make(guarded.CLIENT, oauth_server).get_json("list", "/things")
    assert failure.value.code is Code.AUTH_FAILED
    assert failure.value.answer is not None
    assert failure.value.answer.json[0]["errorCode"] == "INVALID_SESSION_ID"
    assert (len(oauth_server.resource_requests), len(oauth_server.token_requests)) == (2, 2)


class Strict(Gate):
    """Lets no retry happen, and one call at a time; a second at the same time is an error."""

    def __init__(self) -> None:
        self._lock = Lock()

    @contextmanager
    def passing(self) -> Iterator[float]:
        assert self._lock.acquire(blocking=False), "a call waits for a place that it holds itself"
        yield 0.0
        self._lock.release()

    def may_retry(self) -> bool:
        return False


def test_replacing_a_token_costs_nothing_of_the_retry_budget_and_needs_one_place_at_a_time(
    oauth_server: AuthorizationServer, make: Make
) -> None:
    transport = make(guarded.CLIENT, oauth_server, gate=Strict())
    transport.get_json("list", "/things")
    oauth_server.revoke_all()
    assert transport.get_json("list", "/things") == LIST


@pytest.mark.parametrize(
    ("status", "code", "logins"),
    [(401, "952", 2), (401, "212", 1), (401, "", 1), (500, "952", 1), (200, "212", 1)],
)
def test_only_the_vendors_own_code_means_a_dead_session(
    remote: ScriptedServer, heard: list[CallDetails], status: int, code: str, logins: int
) -> None:
    log_in = Reply(body=SESSION_ANSWER)
    refusal = Reply(status, f'{{"messages": [{{"code": "{code}"}}]}}'.encode())
    remote.answers(log_in, refusal, log_in, Reply())
    assert (asked_of(remote, guarded.SESSION, heard) == 4) is (logins == 2)
    assert [details.operation for details in heard].count("log_in") == logins


@pytest.mark.parametrize("status", [200, 400, 403])
def test_a_vendors_code_counts_with_every_status_that_is_declared(
    remote: ScriptedServer, heard: list[CallDetails], status: int
) -> None:
    kind = replace(guarded.SESSION, dead=Dead((status,), "messages[0].code", ("952",)))
    log_in = Reply(body=SESSION_ANSWER)
    remote.answers(log_in, Reply(status, b'{"messages": [{"code": "952"}]}'), log_in, Reply())
    assert asked_of(remote, kind, heard) == 4
    assert told(heard)[1] == ("list", status, Code.AUTH_FAILED)


def asked_of(remote: ScriptedServer, kind: Kind, heard: list[CallDetails]) -> int:
    """How many requests there were for one call, whatever came of it."""
    auth = token_auth(kind, anything(remote.url))
    with Transport(Settings(remote.url, attempts=1), (heard.append,), auth=auth) as transport, suppress(CallError):
        transport.get_json("list", "/things")
    return len(remote.asked)


@pytest.mark.parametrize(
    ("life_s", "left_s", "fetched"),
    [(3600, 90, False), (3600, 50, True), (100, 20, False), (100, 5, True), (3600, -1, True)],
)
def test_a_token_is_renewed_a_minute_or_a_tenth_of_its_life_before_it_expires(
    oauth_server: AuthorizationServer, make: Make, life_s: float, left_s: float, fetched: bool
) -> None:
    oauth_server.tokens["old"] = datetime.now(UTC).timestamp() + 60
    make(guarded.CLIENT, oauth_server, Kept(aged(life_s, left_s))).get_json("list", "/things")
    assert bool(oauth_server.token_requests) is fetched


def test_a_session_that_lives_on_by_being_used_is_not_renewed_ahead(session_server: SessionServer, make: Make) -> None:
    session_server.sessions["old"] = datetime.now(UTC).timestamp() + 60
    store = Kept(aged(900, 2, idle_s=900.0))
    make(guarded.SESSION, session_server, store).get_json("list", "/things")
    assert session_server.logins == 0
    assert store.uses == 1
    assert store.token
    assert store.token.is_alive(datetime.now(UTC) + timedelta(seconds=890))
