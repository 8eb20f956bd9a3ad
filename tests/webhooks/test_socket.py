"""Lengths and chunks as they come over a wire: on Django's own server, and on the one we ship."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest
from pytest_django.live_server_helper import LiveServer

from integrations.models import Service, WebhookEvent
from integrations.webhooks.view import LARGEST
from tests.transport.server import closed_port
from tests.webhooks.conftest import ADDRESS, PUSH, sign

ROOT = Path(__file__).resolve().parents[2]
START_S = 30
CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(PUSH), PUSH)
SIGNED = ("X-Hub-Signature-256: " + sign(PUSH), "X-GitHub-Delivery: d-1", "X-GitHub-Event: push")


MIB = 1024 * 1024
HUGE_MIB, GROWTH_MIB = 60, 20


class Server(NamedTuple):
    """A running one."""

    port: int
    pid: int


def peak_mib(pid: int) -> int:
    """The most memory that a process and its children ever had, in all."""
    peak = Path(f"/proc/{pid}/status").read_text("ascii").partition("VmHWM:")[2].split()[0]
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    return int(peak) // 1024 + sum(peak_mib(int(child)) for child in children)


def ask(port: int, *headers: str, body: bytes = b"", method: str = "POST", address: str = ADDRESS) -> int:
    """The status a raw request is answered with; 0 where the connection is closed without a word."""
    lines = [f"{method} {address} HTTP/1.1", "Host: localhost", "Connection: close", *headers, "", ""]
    with socket.create_connection(("127.0.0.1", port), timeout=30) as wire:
        wire.sendall("\r\n".join(lines).encode("latin-1"))
        with suppress(OSError):  # it has answered without waiting for the body
            wire.sendall(body)
        with suppress(ConnectionResetError):
            if answer := wire.makefile("rb").readline().split():
                return int(answer[1])
    return 0


@pytest.fixture(scope="module")
def granian() -> Iterator[Server]:
    """The web server we ship, without a database behind it: what is refused here is refused before that."""
    port = closed_port()
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": "sqlite:////nowhere/at/all",
    }
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "console.wsgi:application"]
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, time.monotonic() + START_S)
        yield Server(port, server.pid)
    finally:
        server.terminate()
        server.wait(START_S)


def _wait_for(port: int, until: float) -> None:
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < until, "the server does not start"
            time.sleep(0.1)
        else:
            return


@pytest.fixture(params=["granian", "django"])
def port(request: pytest.FixtureRequest) -> int:
    if request.param == "django":
        live: LiveServer = request.getfixturevalue("live_server")
        return int(live.url.rpartition(":")[2])
    server: Server = request.getfixturevalue("granian")
    return server.port


def test_a_body_without_a_length_is_never_acknowledged(port: int) -> None:
    assert ask(port, *SIGNED, "Transfer-Encoding: chunked", body=CHUNKED) == 411
    assert ask(port, *SIGNED) == 411


def test_a_body_that_is_announced_too_large_is_refused_before_it_is_sent(port: int) -> None:
    assert ask(port, *SIGNED, f"Content-Length: {LARGEST + 1}") == 413


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the peak of a process")
def test_a_huge_body_is_refused_and_not_held_in_memory(granian: Server) -> None:
    huge = b"a" * HUGE_MIB * MIB
    assert ask(granian.port, *SIGNED, "Transfer-Encoding: chunked") == 411
    before = peak_mib(granian.pid)
    chunks = b"%x\r\n%s\r\n" % (MIB, huge[:MIB]) * HUGE_MIB + b"0\r\n\r\n"
    for _ in range(3):
        assert ask(granian.port, *SIGNED, f"Content-Length: {len(huge)}", body=huge) in {0, 413}
        assert ask(granian.port, *SIGNED, "Transfer-Encoding: chunked", body=chunks) in {0, 411}
    assert peak_mib(granian.pid) - before < GROWTH_MIB
    assert ask(granian.port, *SIGNED, f"Content-Length: {len(huge)}") == 413, "it lives"


def test_a_body_as_large_as_the_service_allows_is_stored(github: Service, live_server: LiveServer) -> None:
    Service.objects.update(max_delivery_mib=25)
    body = b'{"a": "%s"}' % (b"a" * 24 * MIB)
    headers = (f"X-Hub-Signature-256: {sign(body)}", *SIGNED[1:])
    port = int(live_server.url.rpartition(":")[2])
    assert ask(port, *headers, f"Content-Length: {len(body)}", body=body) == 200
    assert bytes(WebhookEvent.objects.get().body) == body


@pytest.mark.parametrize("length", ["abc", "-1", "1,2", "0x10"])
def test_a_length_that_is_no_number_is_refused(port: int, length: str) -> None:
    assert ask(port, *SIGNED, f"Content-Length: {length}") in {0, 400, 411}


def test_another_method_is_refused(port: int) -> None:
    assert ask(port, method="GET") == 405


def test_a_delivery_is_stored_as_it_came_over_the_wire(github: Service, live_server: LiveServer) -> None:
    port = int(live_server.url.rpartition(":")[2])
    assert ask(port, *SIGNED, f"Content-Length: {len(PUSH)}", body=PUSH) == 200
    event = WebhookEvent.objects.get()
    assert (bytes(event.body), event.delivery_id, event.headers["x-github-event"]) == (PUSH, "id:d-1", "push")


def test_header_bytes_that_are_no_text_are_refused(github: Service, live_server: LiveServer) -> None:
    port = int(live_server.url.rpartition(":")[2])
    for signature in ("\xff\xfe", "sha256=\xe9", "sha256=" + "\x01" * 64):
        odd = f"X-Hub-Signature-256: {signature}"
        assert ask(port, odd, f"Content-Length: {len(PUSH)}", body=PUSH) == 400
    assert not WebhookEvent.objects.exists()
