"""Signing in that fails, leads elsewhere, or must not be told of."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest

from integrations.systems.auth import Given, Kind, Reading, SessionToken
from integrations.transport.answer import Answer
from integrations.transport.codes import Code
from integrations.transport.details import CallDetails
from integrations.transport.errors import CallError, Parked
from integrations.transport.http import Transport
from integrations.transport.settings import Settings
from integrations.transport.sign_in import SignIn, now
from tests.peers import guarded
from tests.peers.authorization_server import PEM, AuthorizationServer, Rules
from tests.peers.loopback import LIST, Loopback, Told
from tests.peers.session_server import SessionServer
from tests.transport.server import Reply, ScriptedServer
from tests.transport.signing import SESSION_ANSWER, Make, anything, token_auth, told
from tests.transport.stores import Kept


@pytest.mark.usefixtures("without_waiting")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_failing_token_endpoint_is_tried_again_and_nothing_is_unknown(
    oauth_server: AuthorizationServer, make: Make, heard: list[CallDetails], method: str
) -> None:
    oauth_server.rules.fail_with = [500, 503]
    assert make(guarded.CLIENT, oauth_server).request("change", method, "/things").data == LIST
    assert told(heard) == [
        ("fetch_token", 500, Code.SERVER_ERROR),
        ("change", None, Code.SERVER_ERROR),
        ("fetch_token", 503, Code.SERVER_ERROR),
        ("change", None, Code.SERVER_ERROR),
        ("fetch_token", 200, Code.OK),
        ("change", 200, Code.OK),
    ]


@pytest.mark.usefixtures("without_waiting")
def test_a_token_endpoint_that_fails_for_good_uses_up_the_attempts_of_one_call(
    oauth_server: AuthorizationServer, make: Make
) -> None:
    oauth_server.rules.fail_with = [500] * 20
    with pytest.raises(CallError, match="Signing in failed: It answered 500: Not now") as failure:
        make(guarded.CLIENT, oauth_server).request("change", "POST", "/things")
    assert failure.value.answer is None, "it is not the answer to this request"
    assert (len(oauth_server.token_requests), oauth_server.resource_requests) == (3, [])


def test_a_refused_client_is_told_and_not_tried_again(oauth_server: AuthorizationServer, make: Make) -> None:
    transport = make(guarded.CLIENT, oauth_server)
    oauth_server.rules.client_secret = "another"
    with pytest.raises(CallError, match="401: Client authentication failed") as failure:
        transport.get_json("list", "/things")
    assert failure.value.code is Code.AUTH_FAILED
    assert (len(oauth_server.token_requests), oauth_server.resource_requests) == (1, [])


def test_a_token_endpoint_that_asks_for_a_long_wait_parks(remote: ScriptedServer) -> None:
    remote.answers(Reply(429, headers=(("Retry-After", "60"),)))
    auth = token_auth(guarded.CLIENT, anything(remote.url))
    with Transport(Settings(remote.url), auth=auth) as transport, pytest.raises(Parked):
        transport.get_json("list", "/things")


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b'{"access_token": null}', b'{"access_token": ""}', b'{"access_token": 5}', b"<html>"]
)
def test_an_answer_without_a_token_is_unreadable(remote: ScriptedServer, body: bytes) -> None:
    remote.answers(Reply(body=body))
    auth = token_auth(guarded.CLIENT, anything(remote.url))
    with Transport(Settings(remote.url), auth=auth) as transport, pytest.raises(CallError) as failure:
        transport.get_json("list", "/things")
    assert failure.value.code is Code.BAD_ANSWER
    assert len(remote.asked) == 1


@pytest.mark.parametrize("kind", [guarded.CLIENT, guarded.ASSERTION, guarded.SESSION])
def test_what_was_not_entered_is_named_and_nothing_is_sent(
    remote: ScriptedServer, heard: list[CallDetails], kind: Kind
) -> None:
    names = dict.fromkeys((*guarded.OPTIONS, *guarded.SECRETS), "")
    labels = {name: f"The {name}" for name in names}
    auth = token_auth(kind, Given(remote.url, names, names, labels))
    with (
        Transport(Settings(remote.url), (heard.append,), auth=auth) as transport,
        pytest.raises(CallError, match=r"There is no “The .*”.* yet: enter it at the service") as failure,
    ):
        transport.get_json("list", "/things")
    assert failure.value.code is Code.AUTH_FAILED
    assert remote.asked == []
    assert told(heard) == [("list", None, Code.AUTH_FAILED)]


def test_all_further_calls_go_to_the_address_in_the_answer(make: Make, heard: list[CallDetails]) -> None:
    rules = Rules()
    with AuthorizationServer(rules) as instance, AuthorizationServer(replace(rules, has_resources=False)) as login:
        login.rules.extra = {"instance_url": instance.url}
        login.tokens = instance.tokens
        kind = replace(guarded.ASSERTION, reading=Reading(base_url="instance_url"))
        transport = make(kind, login)
        assert transport.get_json("query", "/services/data", {"q": "a b"}) == LIST
        instance.revoke_all()
        assert transport.request("update", "PATCH", "/services/data").data == LIST
        assert login.resource_requests == []
        assert instance.token_requests == []
    assert heard[1].url == f"{instance.url}/services/data?q=a+b"


@pytest.mark.parametrize(
    "address",
    [None, "", "nonsense", "ftp://h", "http://user@h", "http://127.0.0.1\\@h", "http://h/path", "http://h\r\n", 5],
)
def test_an_address_that_is_none_gets_no_token(oauth_server: AuthorizationServer, make: Make, address: object) -> None:
    oauth_server.rules.extra = {"instance_url": address}
    kind = replace(guarded.CLIENT, reading=Reading(base_url="instance_url"))
    with pytest.raises(CallError, match="no usable address at “instance_url”"):
        make(kind, oauth_server).get_json("list", "/things")
    assert oauth_server.resource_requests == []


def test_a_token_that_was_had_over_tls_is_not_sent_without() -> None:
    kind = replace(guarded.CLIENT, reading=Reading(base_url="instance_url"))
    how = kind.signing(anything("https://login.example"))
    assert isinstance(how, SignIn)
    for address, fine in (("https://i.example", True), ("http://i.example", False)):
        answer = Answer(200, body=json.dumps({"access_token": "t", "instance_url": address}).encode())
        with nullcontext() if fine else pytest.raises(CallError, match="no usable address"):
            assert how.token(answer, now()).base_url == address


@pytest.mark.parametrize(
    "kind", [guarded.CLIENT, replace(guarded.CLIENT, in_body=True), guarded.ASSERTION, guarded.SESSION]
)
def test_no_token_and_no_secret_is_told_to_anybody(
    oauth_server: AuthorizationServer, session_server: SessionServer, make: Make, heard: list[CallDetails], kind: Kind
) -> None:
    peer: Loopback = session_server if isinstance(kind, SessionToken) else oauth_server
    store, own, echoed = Kept(), peer.answer, list[str]()
    transport = make(kind, peer, store)

    def echo(question: Any) -> Told:
        """What was let in is told how it was signed, under names that give nothing away."""
        told = own(question)
        if question.path != "/things" or told.status != 200:
            return told
        echoed.append(question.headers["authorization"].removeprefix("Bearer "))
        return replace(told, data=[told.data, echoed[-1]], headers={"X-Echo": echoed[-1]})

    peer.answer = echo  # type: ignore[method-assign]
    transport.get_json("list", "/things")
    (oauth_server.revoke_all if peer is oauth_server else session_server.kill_all)()
    transport.get_json("list", "/things")
    assert store.token
    transport.log_out(store.token)
    assert len(set(echoed)) == 2
    secrets = [*guarded.entered(peer)[1].values(), *echoed]
    assert all(secret not in repr(heard) for secret in secrets)
    assert all(details.request is None for details in heard if details.operation != "list")
    assert repr(store.token).count(store.token.value) == 0


def test_a_session_is_given_back_as_the_vendor_wants_it(
    session_server: SessionServer, make: Make, heard: list[CallDetails]
) -> None:
    store = Kept()
    transport = make(guarded.SESSION, session_server, store)
    transport.get_json("list", "/things")
    assert store.token
    transport.log_out(store.token)
    asked = session_server.asked[-1]
    assert (session_server.logouts, asked.method, asked.headers.get("authorization")) == (1, "DELETE", None)
    assert heard[-1].url.endswith("/sessions/[redacted]")


def test_a_log_out_without_the_token_in_its_address_is_signed(remote: ScriptedServer) -> None:
    remote.answers(Reply(body=SESSION_ANSWER), Reply(), Reply(204, b""))
    kind, store = replace(guarded.SESSION, log_out="POST /auth/logout"), Kept()
    auth = token_auth(kind, anything(remote.url), store)
    with Transport(Settings(remote.url), auth=auth) as transport:
        transport.get_json("list", "/things")
        assert store.token
        transport.log_out(store.token)
    assert (remote.asked[-1].target, remote.asked[-1].headers["authorization"]) == ("/auth/logout", "Bearer s-1")


@pytest.mark.parametrize("spoil", [lambda pem: pem.replace("\n", " "), str.strip])
def test_a_key_that_lost_its_lines_is_still_a_key(
    oauth_server: AuthorizationServer, make: Make, spoil: Callable[[str], str]
) -> None:
    entered = {"private_key": spoil(PEM)}
    assert make(guarded.ASSERTION, oauth_server, entered=entered).get_json("list", "/things") == LIST


@pytest.mark.parametrize("key", ["junk", PEM[:200], PEM.replace("M", "N"), "-----BEGIN A-----x-----END A-----"])
def test_a_key_that_is_none_is_told_with_the_mend(oauth_server: AuthorizationServer, make: Make, key: str) -> None:
    with pytest.raises(CallError, match=r"private key cannot be used\. Enter an RSA key in PEM form"):
        make(guarded.ASSERTION, oauth_server, entered={"private_key": key}).get_json("list", "/things")
    assert oauth_server.asked == []


def test_an_assertion_is_never_sent_twice(oauth_server: AuthorizationServer, make: Make) -> None:
    for _ in range(3):
        make(guarded.ASSERTION, oauth_server).get_json("list", "/things")
    assert len({question.form()["assertion"] for question in oauth_server.token_requests}) == 3
