"""No stranger's address makes the console dial anything but a public one: every dial is seen at the socket."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from integrations.transport.codes import Code
from integrations.transport.details import CallDetails
from integrations.transport.errors import CallError
from integrations.transport.guard import Guard
from integrations.transport.http import Transport
from integrations.transport.settings import Settings
from tests.transport.server import Reply, ScriptedServer

PUBLIC = "93.184.216.34"
Resolver = Callable[[str], list[str]]
real_getaddrinfo = socket.getaddrinfo
real_connect = socket.socket.connect


class Network:
    """What is dialled, and what names lead to. Nothing leaves: dials are refused, or led to the scripted remote.

    Attributes:
        dialled: addresses, in their order.
        asked: names, in their order.
        names: what a name leads to.
    """

    def __init__(self, remote: ScriptedServer) -> None:
        self.dialled: list[str] = []
        self.asked: list[str] = []
        self.names: Resolver = lambda _: [PUBLIC]
        self.answering = False
        self._remote = remote

    def connect(self, sock: socket.socket, address: Any) -> None:
        self.dialled.append(address[0])
        if not self.answering:
            raise ConnectionRefusedError(111, "recorded")
        real_connect(sock, ("127.0.0.1", self._remote.port))

    def getaddrinfo(self, host: str, port: int, **kwargs: Any) -> Any:
        try:  # numbers however written, as the system reads them
            return real_getaddrinfo(host, port, flags=socket.AI_NUMERICHOST, **kwargs)
        except socket.gaierror:
            self.asked.append(host)
            return [row for ip in self.names(host) for row in real_getaddrinfo(ip, port, **kwargs)]


@pytest.fixture
def network(remote: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> Network:
    made = Network(remote)
    monkeypatch.setattr(socket.socket, "connect", lambda *args: made.connect(*args))  # noqa: PLW0108 - a bound method would not get the socket
    monkeypatch.setattr(socket.socket, "connect_ex", None)
    monkeypatch.setattr(socket, "getaddrinfo", made.getaddrinfo)
    return made


@pytest.fixture
def fetcher(network: Network, heard: list[CallDetails]) -> Iterator[Transport]:
    """Fetches for strangers, with nothing allowed beyond what is public."""
    with Transport(Settings("", attempts=1, deadline_s=10, guard=Guard()), (heard.append,)) as transport:
        yield transport


def outcome(fetcher: Transport, url: str) -> Code:
    try:
        fetcher.request("fetch", "GET", url, raw=True)
    except CallError as error:
        return error.code
    return Code.OK


def listed(shared_data: Path, kind: str) -> list[str]:
    found: list[str] = json.loads((shared_data / "ssrf" / "addresses.json").read_text())[kind]
    return found


def names_lead_to(*addresses: str) -> Resolver:
    return lambda _: list(addresses)


def in_url(address: str) -> str:
    return f"[{address}]" if ":" in address else address


@pytest.mark.parametrize("leads_to", [PUBLIC, "127.0.0.1", "::1", "169.254.169.254"])
def test_no_hostile_url_reaches_anything_that_is_not_public(
    network: Network, fetcher: Transport, shared_data: Path, leads_to: str
) -> None:
    network.names = lambda _: [leads_to]
    urls = (shared_data / "ssrf" / "urls_patt.txt").read_text().splitlines()
    assert len(urls) == 803
    codes = [outcome(fetcher, url) for url in urls]
    # What is public in the list: names, where they lead to a public address, and this one number.
    assert set(network.dialled) == {"1.1.1.1"} | ({PUBLIC} & {leads_to})
    assert set(codes) <= {Code.BLOCKED_ADDRESS, Code.CONNECTION_REFUSED, Code.NOT_SENDABLE}
    assert codes.count(Code.BLOCKED_ADDRESS) > 600


def test_no_listed_address_is_dialled_as_number_or_name_and_every_public_one_is(
    network: Network, fetcher: Transport, shared_data: Path
) -> None:
    for address in listed(shared_data, "blocked"):
        network.names = names_lead_to(address)
        for host in (in_url(address), "name.example"):
            for scheme in ("http", "https"):
                assert outcome(fetcher, f"{scheme}://{host}/") is Code.BLOCKED_ADDRESS
    assert network.dialled == []
    for address in listed(shared_data, "allowed"):
        network.names = names_lead_to(address)
        for host in (in_url(address), "name.example"):
            assert outcome(fetcher, f"http://{host}/") is Code.CONNECTION_REFUSED
            assert network.dialled.pop() == address


@pytest.mark.parametrize("mixed", [[PUBLIC, "10.0.0.1"], ["10.0.0.1", PUBLIC], [PUBLIC, "::1"]])
def test_a_name_with_one_address_inside_is_not_dialled_at_all(
    network: Network, fetcher: Transport, mixed: list[str]
) -> None:
    network.names = lambda _: mixed
    assert outcome(fetcher, "http://mixed.example/") is Code.BLOCKED_ADDRESS
    assert network.dialled == []


def test_a_name_is_resolved_once_and_that_address_is_dialled(network: Network, fetcher: Transport) -> None:
    network.names = lambda _: [PUBLIC] if len(network.asked) == 1 else ["127.0.0.1"]
    assert outcome(fetcher, "http://rebinding.example/") is Code.CONNECTION_REFUSED
    assert network.asked == ["rebinding.example"]
    assert network.dialled == [PUBLIC]
    assert outcome(fetcher, "http://rebinding.example/") is Code.BLOCKED_ADDRESS
    assert network.dialled == [PUBLIC]


def test_a_name_that_moves_inside_between_two_hops_is_not_followed_there(
    network: Network, fetcher: Transport, remote: ScriptedServer, heard: list[CallDetails]
) -> None:
    network.answering = True
    network.names = lambda _: [PUBLIC] if len(network.asked) == 1 else ["127.0.0.1"]
    remote.answers(Reply(302, headers=(("Location", "/again"),)))
    assert outcome(fetcher, "http://rebinding.example/") is Code.BLOCKED_ADDRESS
    assert network.dialled == [PUBLIC]
    assert [(told.code, told.status) for told in heard] == [(Code.OK, 302), (Code.BLOCKED_ADDRESS, None)]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_leads_inside(
    network: Network, fetcher: Transport, remote: ScriptedServer, shared_data: Path, status: int
) -> None:
    network.answering = True
    for address in listed(shared_data, "blocked"):
        remote.answers(Reply(status, headers=(("Location", f"http://{in_url(address)}/"),)))
        assert outcome(fetcher, "http://public.example/") is Code.BLOCKED_ADDRESS
        assert len(remote.asked) == 1
    assert set(network.dialled) == {PUBLIC}


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "gopher://public.example/",
        "http://public.example:22/",
        "http://u:p@public.example/",
        "http://127.0.0.1\\@public.example/",
        "//127.0.0.1/",
        "http://[::1",
        "\\\\127.0.0.1\\",
    ],
)
def test_no_redirect_leads_to_what_could_not_be_asked_for(
    network: Network, fetcher: Transport, remote: ScriptedServer, location: str
) -> None:
    network.answering = True
    remote.answers(Reply(302, headers=(("Location", location),)))
    assert outcome(fetcher, "http://public.example/") is Code.BLOCKED_ADDRESS
    assert len(remote.asked) == 1
    assert set(network.dialled) == {PUBLIC}


def test_a_redirect_between_public_addresses_is_followed_without_what_could_tell_a_secret(
    network: Network, remote: ScriptedServer, heard: list[CallDetails]
) -> None:
    network.answering = True
    remote.answers(Reply(302, headers=(("Location", "http://other.example/new"),)), Reply())
    settings = Settings("", headers={"X-Api-Key": "k", "Accept": "text/html"}, guard=Guard())
    with Transport(settings, (heard.append,)) as fetcher:
        answer = fetcher.request("fetch", "GET", "http://one.example/", headers={"If-None-Match": "e"}, params={"a": 1})
    assert answer.url == "http://other.example/new"
    first, second = remote.asked
    assert (first.headers["if-none-match"], first.target) == ("e", "/?a=1")
    assert set(second.headers) == {"host", "user-agent", "accept", "accept-encoding"}
    assert (second.headers["host"], second.headers["accept"], second.target) == ("other.example", "text/html", "/new")
    assert [(told.status, told.code, told.attempt) for told in heard] == [(302, Code.OK, 1), (200, Code.OK, 1)]
    assert len({told.chain for told in heard}) == 1


def test_a_chain_of_three_redirects_is_followed_and_of_four_is_not(
    network: Network, fetcher: Transport, remote: ScriptedServer
) -> None:
    network.answering = True
    hops = [Reply(302, headers=(("Location", f"http://{n}.example/"),)) for n in range(4)]
    remote.answers(*hops[:3], Reply())
    assert outcome(fetcher, "http://start.example/") is Code.OK
    assert len(remote.asked) == 4
    remote.answers(*hops, Reply())
    assert outcome(fetcher, "http://start.example/") is Code.REDIRECTED
    assert len(remote.asked) == 4


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"])
def test_no_proxy_of_the_environment_is_dialled(
    network: Network, fetcher: Transport, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "http://127.0.0.1:3128")
    monkeypatch.delenv("REQUEST_METHOD", raising=False)
    assert outcome(fetcher, "http://public.example/") is Code.CONNECTION_REFUSED
    assert network.dialled == [PUBLIC]


def test_an_intranet_is_reached_where_the_settings_allow_it(network: Network) -> None:
    guard = Guard(networks=(ip_network("10.20.0.0/16"),), ports=(8080,))
    with Transport(Settings("", attempts=1, guard=guard)) as fetcher:
        assert outcome(fetcher, "http://10.20.0.1:8080/") is Code.CONNECTION_REFUSED
        assert outcome(fetcher, "http://10.21.0.1:8080/") is Code.BLOCKED_ADDRESS
    assert network.dialled == ["10.20.0.1"]


def test_the_inside_of_the_network_is_not_told(network: Network, fetcher: Transport, heard: list[CallDetails]) -> None:
    network.names = lambda _: ["10.1.2.3"]
    outcome(fetcher, "http://inside.example/")
    assert heard[0].error == "inside.example:80 is not at a public address."
    assert not re.search(r"10\.1\.2\.3", str(heard))
