"""A service may redirect what is read within its own origin; credentials go nowhere else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.transport.codes import Code
from integrations.transport.details import CallDetails
from integrations.transport.errors import CallError
from integrations.transport.origin import is_same_origin
from tests.transport.conftest import MakeTransport
from tests.transport.server import Reply, ScriptedServer

STATUSES = (301, 302, 303, 307, 308)
SECRET = {"X-Api-Key": "canary-of-redirects", "Authorization": "Bearer canary-of-redirects"}


def moved(location: str, status: int = 302) -> Reply:
    return Reply(status, headers=(("Location", location),))


@pytest.fixture
def elsewhere() -> Iterator[ScriptedServer]:
    """Another origin: the port differs."""
    with ScriptedServer() as server:
        yield server


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("status", STATUSES)
def test_reading_follows_within_the_origin_with_its_headers_and_each_hop_is_told(
    remote: ScriptedServer, transport: MakeTransport, heard: list[CallDetails], status: int, method: str
) -> None:
    remote.answers(moved("../new?b=2", status), moved(f"{remote.url}/newest", status), Reply())
    answer = transport(headers=SECRET, base_url=f"{remote.url}/v1").request(
        "read", method, "/old", params={"a": 1}, headers={"X-Own": "h"}
    )
    assert answer.url == f"{remote.url}/newest"
    assert [(asked.method, asked.target) for asked in remote.asked] == [
        (method, "/v1/old?a=1"),
        (method, "/new?b=2"),
        (method, "/newest"),
    ]
    assert {(asked.headers["x-api-key"], asked.headers["x-own"]) for asked in remote.asked} == {
        ("canary-of-redirects", "h")
    }
    assert [(told.status, told.code, told.error, told.attempt) for told in heard] == [
        (status, Code.OK, "", 1),
        (status, Code.OK, "", 1),
        (200, Code.OK, "", 1),
    ]
    assert len({told.chain for told in heard}) == 1


@pytest.mark.parametrize("status", STATUSES)
def test_another_origin_is_named_and_never_asked(
    remote: ScriptedServer,
    elsewhere: ScriptedServer,
    transport: MakeTransport,
    heard: list[CallDetails],
    status: int,
) -> None:
    remote.answers(moved(f"{elsewhere.url}/v2/things?token=canary-of-redirects", status))
    with pytest.raises(CallError) as failure:
        transport(headers=SECRET, secrets=("canary-of-redirects",)).get_json("read", "/things")
    assert failure.value.code is Code.REDIRECTED
    assert str(failure.value) == f"It answered {status}: it has moved to {elsewhere.url}/v2/things."
    assert elsewhere.asked == []
    assert [(told.status, told.code) for told in heard] == [(status, Code.REDIRECTED)]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("status", STATUSES)
def test_what_writes_is_not_sent_on_and_never_becomes_a_get(
    remote: ScriptedServer, transport: MakeTransport, heard: list[CallDetails], status: int, method: str
) -> None:
    remote.answers(moved("/elsewhere", status), Reply())
    with pytest.raises(CallError, match=f"{status}: it has moved to {remote.url}/elsewhere, and only") as failure:
        transport().request("write", method, "/", payload={})
    assert failure.value.code is Code.REDIRECTED
    assert "has moved" in failure.value.for_staff()
    assert [asked.target for asked in remote.asked] == ["/"]
    assert heard[0].response
    assert heard[0].response.headers["Location"] == "/elsewhere"


@pytest.mark.parametrize(
    "location",
    ["http://user:canary@{host}/", "http://canary@{host}/", "ftp://{host}/", "http://[::1", "https://{host}/"],
)
def test_a_place_that_is_not_the_same_origin_is_not_followed(
    remote: ScriptedServer, transport: MakeTransport, location: str
) -> None:
    remote.answers(moved(location.format(host=f"127.0.0.1:{remote.port}")), Reply())
    with pytest.raises(CallError) as failure:
        transport().get_json("read", "/")
    assert failure.value.code is Code.REDIRECTED
    assert "canary" not in str(failure.value)
    assert len(remote.asked) == 1


def test_a_circle_is_left_at_once(remote: ScriptedServer, transport: MakeTransport) -> None:
    remote.answers(moved("/b"), moved("/a?x=1"))
    with pytest.raises(CallError, match="in a circle") as failure:
        transport().get_json("read", "/a", params={"x": 1})
    assert failure.value.code is Code.REDIRECTED
    assert len(remote.asked) == 2


def test_three_redirects_are_followed_and_a_fourth_is_not(remote: ScriptedServer, transport: MakeTransport) -> None:
    hops = [moved(f"/{n}") for n in range(4)]
    remote.answers(*hops[:3], Reply(body=b"[1]"))
    assert transport().get_json("read", "/") == [1]
    remote.answers(*hops, Reply())
    with pytest.raises(CallError, match="more than 3 times"):
        transport().get_json("read", "/")
    assert len(remote.asked) == 4


def test_a_place_beyond_ascii_is_followed(remote: ScriptedServer, transport: MakeTransport) -> None:
    remote.answers(moved("/caf\u00e9".encode().decode("latin-1")), Reply())
    transport().get_json("read", "/")
    assert remote.asked[1].target == "/caf%C3%A9"


@pytest.mark.usefixtures("without_waiting")
def test_a_hop_that_fails_is_tried_again_from_the_start(
    remote: ScriptedServer, transport: MakeTransport, heard: list[CallDetails]
) -> None:
    remote.answers(moved("/b"), Reply(500), moved("/b"), Reply(body=b"[1]"))
    assert transport().get_json("read", "/a") == [1]
    assert [asked.target for asked in remote.asked] == ["/a", "/b", "/a", "/b"]
    assert [(told.status, told.attempt) for told in heard] == [(302, 1), (500, 1), (302, 2), (200, 2)]


def test_a_whole_address_of_the_service_is_asked_as_it_is(remote: ScriptedServer, transport: MakeTransport) -> None:
    transport(base_url=f"{remote.url}/v1").get_json("next page", f"{remote.url}/v1/things?cursor=a%2Fb")
    assert remote.asked[0].target == "/v1/things?cursor=a%2Fb"


def test_a_whole_address_of_another_origin_is_not_asked(
    remote: ScriptedServer, elsewhere: ScriptedServer, transport: MakeTransport
) -> None:
    transport(headers=SECRET).get_json("next page", f"{elsewhere.url}/v1")
    assert elsewhere.asked == []
    assert remote.asked[0].target == f"/{elsewhere.url}/v1"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://a.example/v1", "https://a.example/v2?x", True),
        ("https://a.example", "https://A.example:443/", True),
        ("http://a.example:80", "http://a.example", True),
        ("http://[::1]:8000/a", "http://[::1]:8000/b", True),
        ("https://a.example", "http://a.example", False),
        ("https://a.example", "https://a.example:444", False),
        ("https://a.example", "https://a.example.evil.example", False),
        ("https://a.example", "https://user@a.example/", False),
        ("https://a.example", "https://a.example\\@evil.example/", True),  # urllib3 dials a.example
        ("https://a.example", "https://evil.example\\@a.example/", False),
        ("https://a.example", "//a.example/", False),
        ("https://a.example", "/path", False),
        ("nonsense", "nonsense", False),
        ("http://[::1", "http://[::1", False),
    ],
)
def test_an_origin_is_scheme_host_and_port(one: str, other: str, same: bool) -> None:
    assert is_same_origin(one, other) is same
