"""How requests are signed by something fixed, over real sockets."""

from __future__ import annotations

import base64

import pytest

from integrations.systems.auth import ApiKey, Basic, Bearer, Given, Kind, NoAuth
from integrations.transport.auth import Auth
from integrations.transport.codes import Code
from integrations.transport.details import CallDetails
from integrations.transport.errors import CallError
from integrations.transport.http import Transport
from integrations.transport.settings import Keep, Settings
from tests.transport.server import Reply, ScriptedServer


def fixed(kind: Kind, **secrets: str) -> Auth:
    names = {"token": "", "password": "", **secrets}
    how = kind.signing(Given("", {"username": names.pop("username", "")}, names))
    assert isinstance(how, Auth)
    return how


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


FIXED: list[tuple[Kind, dict[str, str], dict[str, str], str]] = [
    (NoAuth(), {"token": "t"}, {}, "/thing?a=1"),
    (Bearer("token"), {"token": "t-1"}, {"authorization": "Bearer t-1"}, "/thing?a=1"),
    (Bearer("token", "token"), {"token": "t-1"}, {"authorization": "token t-1"}, "/thing?a=1"),
    (Bearer("token"), {}, {}, "/thing?a=1"),
    (ApiKey("token", header="X-App-Token"), {"token": "k"}, {"x-app-token": "k"}, "/thing?a=1"),
    (ApiKey("token", header="X-App-Token"), {}, {}, "/thing?a=1"),
    (ApiKey("token", query="key"), {"token": "k&=/ é"}, {}, "/thing?a=1&key=k%26%3D%2F+%C3%A9"),
    (ApiKey("token", query="key"), {}, {}, "/thing?a=1"),
    (
        Basic("username", "password"),
        {"username": "ann", "password": "p:ö"},
        {"authorization": f"Basic {encoded('ann:p:ö')}"},
        "/thing?a=1",
    ),
    (Basic("username", "password"), {}, {}, "/thing?a=1"),
]


@pytest.mark.parametrize(("kind", "given", "headers", "target"), FIXED)
def test_a_fixed_secret_is_sent_where_the_kind_says_and_nowhere_if_it_is_not_set(
    remote: ScriptedServer, kind: Kind, given: dict[str, str], headers: dict[str, str], target: str
) -> None:
    with Transport(Settings(remote.url), auth=fixed(kind, **given)) as transport:
        transport.get_json("try", "/thing", {"a": 1})
    (asked,) = remote.asked
    assert asked.target == target
    assert {name: asked.headers[name] for name in ("authorization", "x-app-token") if name in asked.headers} == headers


@pytest.mark.parametrize(("kind", "given"), [(kind, given) for kind, given, _, _ in FIXED])
def test_a_fixed_secret_that_is_refused_is_not_sent_twice(
    remote: ScriptedServer, kind: Kind, given: dict[str, str]
) -> None:
    remote.answers(Reply(401))
    with Transport(Settings(remote.url), auth=fixed(kind, **given)) as transport, pytest.raises(CallError) as failure:
        transport.get_json("try", "/thing")
    assert failure.value.code is Code.AUTH_FAILED
    assert len(remote.asked) == 1


@pytest.mark.parametrize("value", ["two\r\nX-Other: lines", "naïve → token", "nul\x00", "\N{PILE OF POO}"])
def test_what_no_header_can_hold_is_a_failed_call_and_not_another_header(
    remote: ScriptedServer, heard: list[CallDetails], value: str
) -> None:
    settings = Settings(remote.url, secrets=(value,))
    with (
        Transport(settings, (heard.append,), auth=fixed(Bearer("token"), token=value)) as transport,
        pytest.raises(CallError) as failure,
    ):
        transport.get_json("try", "/")
    assert failure.value.code is Code.NOT_SENDABLE
    assert value not in str(failure.value)
    assert (remote.asked, len(heard)) == ([], 1)


def test_a_key_in_the_query_is_blanked_in_what_is_told(remote: ScriptedServer, heard: list[CallDetails]) -> None:
    settings = Settings(remote.url, secrets=("key-0123",), keep=Keep.ALWAYS)
    with Transport(settings, (heard.append,), auth=fixed(ApiKey("token", query="kind"), token="key-0123")) as transport:
        transport.get_json("try", "/")
    assert remote.asked[0].target == "/?kind=key-0123"
    assert "key-0123" not in repr(heard)


def test_a_link_of_the_vendor_that_holds_the_key_is_followed_as_it_is(remote: ScriptedServer) -> None:
    with Transport(Settings(remote.url), auth=fixed(ApiKey("token", query="key"), token="k-1")) as transport:
        transport.get_json("try", f"{remote.url}/things?key=k-1&page=2")
    assert remote.asked[0].target == "/things?key=k-1&page=2"


def test_a_key_needs_one_place() -> None:
    for places in ({}, {"header": "X", "query": "x"}):
        with pytest.raises(ValueError, match="either"):
            ApiKey("token", **places)
