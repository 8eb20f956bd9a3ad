"""From a name to the first byte: what each part took, and what is said where a part fails."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from integrations.transport.codes import Code
from integrations.transport.details import CallDetails
from integrations.transport.errors import CallError
from tests.transport.certificates import Authority
from tests.transport.conftest import MakeTransport
from tests.transport.server import Reply, ScriptedServer, closed_port

LEEWAY_S = 5.0  # for a machine that does much else
Lead = Callable[..., None]
real_getaddrinfo = socket.getaddrinfo


@pytest.fixture
def lead(monkeypatch: pytest.MonkeyPatch) -> Lead:
    """Makes every name lead to these addresses."""

    def to(*addresses: str) -> None:
        def found(host: str, port: int, **kwargs: Any) -> Any:
            return [row for address in addresses for row in real_getaddrinfo(address, port, **kwargs)]

        monkeypatch.setattr(socket, "getaddrinfo", found)

    return to


@pytest.fixture
def black_hole(remote: ScriptedServer) -> Iterator[str]:
    """An address on which the remote's port takes no connections and refuses none: its queue is full."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.2", remote.port))
        listener.listen(0)
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.2", remote.port))
        yield "127.0.0.2"


def failure_of(transport: MakeTransport, url: str, **settings: Any) -> CallError:
    with pytest.raises(CallError) as failure:
        transport(base_url=url, attempts=1, **settings).get_json("try", "/")
    return failure.value


def test_each_part_of_a_call_is_timed_and_a_connection_that_is_used_again_has_fewer(
    remote: ScriptedServer, transport: MakeTransport, heard: list[CallDetails]
) -> None:
    remote.answers(Reply(delay_s=0.2, body=b"[" + b" " * 20 + b"]", drip_s=0.01, keep=True))
    one = transport()
    one.get_json("try", "/")
    one.get_json("try", "/")
    first, second = (told.timings for told in heard)
    assert first.dns is not None
    assert first.connect is not None
    assert first.tls is None
    assert (second.dns, second.connect, second.tls) == (None, None, None)
    for timings in (first, second):
        assert timings.first_byte is not None
        assert timings.first_byte >= 200
        assert timings.download is not None
        assert timings.download >= 150
        parts = (timings.dns or 0) + (timings.connect or 0) + timings.first_byte + timings.download
        assert parts <= timings.total < parts + 1000 * LEEWAY_S


def test_the_handshake_is_timed_apart(transport: MakeTransport, heard: list[CallDetails]) -> None:
    authority = Authority()
    with ScriptedServer([Reply(keep=True)], tls=authority.server()) as server:
        one = transport(base_url=server.url, ca_bundle=authority.pem)
        one.get_json("try", "/")
        one.get_json("try", "/")
    assert heard[0].timings.tls
    assert heard[1].timings.tls is None


def test_a_part_that_failed_is_timed_and_the_next_ones_did_not_happen(
    transport: MakeTransport, heard: list[CallDetails]
) -> None:
    failure_of(transport, f"http://127.0.0.1:{closed_port()}")
    (told,) = heard
    assert told.timings.connect is not None
    assert (told.timings.tls, told.timings.first_byte, told.timings.download) == (None, None, None)
    assert told.timings.total >= told.timings.connect


def test_a_refused_connection_is_said_with_host_and_port(transport: MakeTransport, lead: Lead) -> None:
    port = closed_port()
    lead("127.0.0.1")
    error = failure_of(transport, f"http://crm.example:{port}")
    assert (error.code, str(error)) == (Code.CONNECTION_REFUSED, f"Connection refused by crm.example:{port}.")
    assert str(failure_of(transport, f"http://[::1]:{port}")) == f"Connection refused by [::1]:{port}."


def test_a_host_without_an_address_is_said(transport: MakeTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = failure_of(transport, "https://crm.example")
    assert (error.code, str(error)) == (Code.DNS_FAILED, "No address is known for crm.example.")


def test_a_name_server_that_has_no_answer_is_told_from_a_host_that_is_not_there(
    transport: MakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    def helpless(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", helpless)
    error = failure_of(transport, "https://crm.example")
    assert (error.code, str(error)) == (Code.DNS_FAILED, "The name server cannot say now where crm.example is.")


@pytest.mark.parametrize("host", ["a..example", "x" * 64 + ".example"])
def test_a_host_that_no_name_server_can_be_asked_for_is_said(transport: MakeTransport, host: str) -> None:
    error = failure_of(transport, f"http://{host}")
    assert error.code in {Code.DNS_FAILED, Code.NOT_SENDABLE}


def test_a_silent_name_server_holds_nobody_longer_than_the_connect_timeout(
    transport: MakeTransport, heard: list[CallDetails], monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: released.wait(60))
    asked_at = time.monotonic()
    error = failure_of(transport, "http://crm.example", connect_timeout_s=0.3)
    assert time.monotonic() - asked_at < 0.3 + LEEWAY_S
    released.set()
    assert error.code is Code.DNS_FAILED
    assert str(error) == "The name server did not say within 0.3 s where crm.example is."
    assert heard[0].timings.dns
    assert heard[0].timings.dns >= 300


def test_a_host_that_takes_no_connection_is_unreachable(
    remote: ScriptedServer, transport: MakeTransport, black_hole: str
) -> None:
    asked_at = time.monotonic()
    error = failure_of(transport, f"http://{black_hole}:{remote.port}", connect_timeout_s=0.5)
    assert time.monotonic() - asked_at < 0.5 + LEEWAY_S
    assert error.code is Code.UNREACHABLE
    assert str(error) == f"{black_hole}:{remote.port} took no connection within 0.5 s."


def test_the_addresses_of_a_name_share_the_connect_timeout(
    remote: ScriptedServer, transport: MakeTransport, lead: Lead, black_hole: str
) -> None:
    lead(black_hole, "127.0.0.1")
    one = transport(base_url=f"http://crm.example:{remote.port}", connect_timeout_s=2.0, attempts=1)
    assert one.get_json("try", "/") == {"fine": True}


def test_of_several_failures_the_one_that_tells_most_is_said(transport: MakeTransport, lead: Lead) -> None:
    lead("127.0.0.1", "255.255.255.255")
    port = closed_port()
    assert failure_of(transport, f"http://crm.example:{port}").code is Code.CONNECTION_REFUSED
    lead("255.255.255.255")
    error = failure_of(transport, f"http://crm.example:{port}")
    assert error.code is Code.UNREACHABLE
    assert str(error).startswith(f"There is no way to crm.example:{port} (")


def test_the_deadline_covers_sending_too(transport: MakeTransport, heard: list[CallDetails]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        asked_at = time.monotonic()
        with pytest.raises(CallError) as failure:
            transport(base_url=url, deadline_s=0.5).request("upload", "POST", "/", payload="x" * 50_000_000)
        assert time.monotonic() - asked_at < 0.5 + LEEWAY_S
    assert failure.value.code is Code.OUTCOME_UNKNOWN
    assert "sent no answer within 0.5 s. Whether it was carried out is unknown." in str(failure.value)
    assert len(heard) == 1


def test_the_deadline_covers_sending_on_a_connection_that_is_used_again(transport: MakeTransport) -> None:
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=answer_once_and_turn_deaf, args=(listener, done), daemon=True).start()
        one = transport(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", deadline_s=1.0)
        assert one.get_json("try", "/") == []
        asked_at = time.monotonic()
        with pytest.raises(CallError, match="sent no answer within 1 s"):
            one.request("upload", "POST", "/", payload="x" * 50_000_000)
        assert time.monotonic() - asked_at < 1.0 + LEEWAY_S
    done.set()


def answer_once_and_turn_deaf(listener: socket.socket, done: threading.Event) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(64 * 1024)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
        done.wait(60)


def test_no_cookie_is_kept_from_one_call_to_the_next(remote: ScriptedServer, transport: MakeTransport) -> None:
    remote.answers(Reply(headers=(("Set-Cookie", "session=1; Path=/"),)))
    one = transport()
    one.get_json("try", "/")
    one.get_json("try", "/")
    assert ["cookie" in asked.headers for asked in remote.asked] == [False, False]


def test_neither_netrc_nor_a_proxy_of_the_environment_takes_part(
    remote: ScriptedServer, transport: MakeTransport, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password canary\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(variable, f"http://127.0.0.1:{closed_port()}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    transport().get_json("try", "/")
    assert "authorization" not in remote.asked[0].headers
