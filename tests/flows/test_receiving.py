"""The web server we ship, with a database behind it: races, lengths that lie, chunks."""

from __future__ import annotations

import random
import socket
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
import requests
from django_q.models import OrmQ

from integrations import credentials
from integrations.models import Service, WebhookEvent
from tests.conftest import WEBHOOK_SECRET
from tests.flows.deployment import Deployment
from tests.webhooks.conftest import PUSH, sign

THREADS, IDS = 16, 200
MIB = 1024 * 1024


@pytest.fixture
def address(deployment: Deployment) -> str:
    """Of a service on the server, with its usual limit of 1 MiB."""
    service = Service.objects.create(slug="github", name="GitHub", system="github")
    credentials.store(service, "webhook_secret", WEBHOOK_SECRET)
    deployment.start_web()
    return f"{deployment.url}/hooks/github/"


def deliver_all(address: str, seed: int) -> list[int]:
    numbers = list(range(IDS))
    random.Random(seed).shuffle(numbers)
    with requests.Session() as session:
        return [deliver(session, address, number) for number in numbers]


def deliver(session: requests.Session, address: str, number: int) -> int:
    body = b'{"n": %d}' % number
    headers = {"X-Hub-Signature-256": sign(body), "X-GitHub-Delivery": f"race-{number}", "X-GitHub-Event": "push"}
    return session.post(address, body, headers=headers, timeout=60).status_code


def test_racing_deliveries_are_stored_exactly_once(address: str) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        statuses = [
            status for each in pool.map(lambda seed: deliver_all(address, seed), range(THREADS)) for status in each
        ]
    assert Counter(statuses) == {200: THREADS * IDS}
    stored = dict(WebhookEvent.objects.values_list("delivery_id", "duplicates"))
    assert stored == {f"id:race-{number}": THREADS - 1 for number in range(IDS)}
    assert OrmQ.objects.count() == IDS


def ask(port: int, *headers: str, body: bytes, gives_up: bool = False) -> int:
    """The status a raw request is answered with; 0 where the connection is closed without a word."""
    signed = (f"X-Hub-Signature-256: {sign(body)}", "X-GitHub-Event: push")
    lines = ["POST /hooks/github/ HTTP/1.1", "Host: 127.0.0.1", "Connection: close", *signed, *headers, "", ""]
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        wire.sendall("\r\n".join(lines).encode("latin-1"))
        with suppress(OSError):  # it has answered without waiting for the body
            wire.sendall(body)
            if gives_up:
                wire.shutdown(socket.SHUT_WR)
        answer = wire.makefile("rb").readline().split()
    return int(answer[1]) if answer else 0


def test_lengths_are_believed_only_where_they_are_true(deployment: Deployment, address: str) -> None:
    port = deployment.port
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(PUSH), PUSH)
    assert ask(port, "Transfer-Encoding: chunked", body=chunked) in {400, 411}
    assert ask(port, "Transfer-Encoding: chunked", f"Content-Length: {len(PUSH)}", body=chunked) in {0, 400, 411}
    for length in ("-1", "+5", "0x10", str(len(PUSH) - 1)):
        assert ask(port, f"Content-Length: {length}", body=PUSH) in {0, 400, 411}, length
    assert ask(port, f"Content-Length: {len(PUSH) + 1}", body=PUSH, gives_up=True) in {0, 400}
    assert ask(port, f"Content-Length: {len(PUSH)}", f"Content-Length: {len(PUSH) + 1}", body=PUSH) in {0, 400}
    assert not WebhookEvent.objects.exists()


def test_the_limit_is_exact(deployment: Deployment, address: str) -> None:
    for size, status in ((MIB - 1, 200), (MIB, 200), (MIB + 1, 413)):
        body = b'"' + b"a" * (size - 2) + b'"'
        assert ask(deployment.port, f"Content-Length: {size}", body=body) == status
    assert sorted(len(event.body) for event in WebhookEvent.objects.all()) == [MIB - 1, MIB]


def test_an_id_that_comes_twice_in_one_request_merges_nothing(deployment: Deployment, address: str) -> None:
    for number in range(2):
        body = b'{"n": %d}' % number
        twice = ("X-GitHub-Delivery: a", "X-GitHub-Delivery: b", f"Content-Length: {len(body)}")
        assert ask(deployment.port, *twice, body=body) == 200
    assert WebhookEvent.objects.count() == 2
