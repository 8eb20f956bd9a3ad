"""Any REST list: every way of signing in, with the right account and with a wrong one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from integrations import credentials
from integrations.models import Call, Service
from integrations.systems.rest import sandbox
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from tests.peers.authorization_server import TOKEN_PATH, AuthorizationServer, Rules
from tests.systems import rest_api as api
from tests.systems.contract import client_of
from tests.transport.server import ScriptedServer

KINDS: Mapping[str, tuple[Mapping[str, Any], str]] = {  # by option: what else is chosen, and which secret is used
    "bearer": ({}, "token"),
    "bearer with another word": ({"scheme": "Token"}, "token"),
    "header_key": ({}, "token"),
    "header_key by name": ({"key_name": "x-api-key"}, "token"),
    "query_key": ({}, "token"),
    "basic": ({}, "password"),
    "client_credentials": ({"token_url": "/oauth/token"}, "client_secret"),
    "client_credentials in the form": ({"token_url": "oauth/token", "client_in_form": True}, "client_secret"),
    "log_in": ({"token_url": "/log-in", "token_path": "jwt"}, "password"),
}


def signing_in(sandbox_url: str, kind: str) -> Service:
    return api.at_sandbox(sandbox_url, sign_in=kind.partition(" ")[0], **KINDS[kind][0])


def health(service: Service) -> str:
    with client_of(service) as client:
        return str(client.check_health())


@pytest.mark.parametrize("kind", KINDS)
def test_the_right_account_is_let_in(db: None, sandbox_url: str, kind: str) -> None:
    assert health(signing_in(sandbox_url, kind)) == "95 items."


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_account_is_told_and_no_secret_with_it(db: None, sandbox_url: str, kind: str) -> None:
    service = signing_in(sandbox_url, kind)
    credentials.store(service, KINDS[kind][1], "a wrong secret")
    with pytest.raises(CallError) as failure:
        health(service)
    assert failure.value.code is Code.AUTH_FAILED
    assert "a wrong secret" not in str(failure.value)
    assert not any("wrong" in call.url for call in Call.objects.all())


@pytest.mark.parametrize("kind", [kind for kind in KINDS if " " not in kind])
def test_an_account_that_was_not_entered_is_told(db: None, sandbox_url: str, kind: str) -> None:
    service = signing_in(sandbox_url, kind)
    service.credentials.all().delete()
    with pytest.raises(CallError) as failure:
        health(service)
    assert failure.value.code is Code.AUTH_FAILED


def test_what_needs_no_account_sends_none(db: None, remote: ScriptedServer) -> None:
    api.said(remote, {"items": []})
    health(api.plain(remote.url))
    assert remote.asked[0].target == "/?limit=1&offset=0"
    assert not {"authorization", "x-api-key"} & remote.asked[0].headers.keys()


def test_a_session_that_ended_between_two_pages_is_begun_anew(db: None, sandbox_url: str) -> None:
    service = signing_in(sandbox_url, "log_in")
    first = api.read(service)[0]
    sandbox.sessions.clear()
    assert [item.external_id for item in api.items(api.read(service, position=first.position))][-1] == "tree-095"
    operations = list(Call.objects.values_list("operation", flat=True).order_by("pk"))
    assert operations.count("log_in") == 2


def test_the_token_may_come_from_another_server(db: None, sandbox_url: str) -> None:
    rules = Rules(client_id=sandbox.CLIENT_ID, client_secret=sandbox.CLIENT_SECRET, scope="read:trees")
    with AuthorizationServer(rules) as server:
        service = api.at_sandbox(
            sandbox_url, sign_in="client_credentials", token_url=f"{server.url}{TOKEN_PATH}", scope="read:trees"
        )
        with client_of(service) as client:
            with pytest.raises(CallError, match="Sign in first"):
                client.check_health()
            sandbox.sessions.update(server.tokens)
            assert client.check_health() == "95 items."
    assert [question.path for question in server.token_requests] == [TOKEN_PATH, TOKEN_PATH]


@pytest.mark.parametrize("path", ["/t/{token}", "/t/{}", "/t/}{", "", "https://", "{token_url}"])
def test_a_strange_address_for_tokens_is_an_error_of_the_call(db: None, sandbox_url: str, path: str) -> None:
    with pytest.raises(CallError):
        health(api.at_sandbox(sandbox_url, sign_in="client_credentials", token_url=path))


@pytest.mark.parametrize("path", ["abs(access_token)", "nothing.here", "expires_in", "@"])
def test_a_token_that_is_not_where_it_should_be_is_told(db: None, sandbox_url: str, path: str) -> None:
    with pytest.raises(CallError, match="There is no token at"):
        health(api.at_sandbox(sandbox_url, sign_in="client_credentials", token_url="/oauth/token", token_path=path))


@pytest.mark.parametrize("name", ["X Key", "X\nKey", "Ключ", ":"])
def test_a_strange_name_of_a_key_is_an_error_of_the_call(db: None, sandbox_url: str, name: str) -> None:
    with pytest.raises(CallError, match="characters HTTP cannot send") as failure:
        health(api.at_sandbox(sandbox_url, sign_in="header_key", key_name=name))
    assert failure.value.code is Code.NOT_SENDABLE
