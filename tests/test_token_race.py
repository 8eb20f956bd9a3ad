"""Many who need a token at the same moment, and the death of the one who gets it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from integrations import systems
from integrations.models import AccessToken, Call, Service
from tests.flows.conftest import migrated
from tests.flows.databases import fresh_database, orm_on
from tests.flows.processes import seconds_until
from tests.peers import guarded
from tests.peers.authorization_server import AuthorizationServer
from tests.source import ROOT

__all__ = ["migrated"]  # a fixture
FINE = "1 articles."
THREADS, PROCESSES = 20, 4


@pytest.fixture(params=["CLIENT", "ASSERTION"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    registry = {**systems.all_systems(), "cms": guarded.system(getattr(guarded, request.param))}
    monkeypatch.setattr(systems, "all_systems", lambda: registry)
    return str(request.param)


def expire(server: AuthorizationServer, service: Service) -> None:
    """There was a token, and its time is over."""
    assert guarded.call(service) == FINE
    assert AccessToken.objects.update(expires_at=timezone.now()) == 1
    server.revoke_all()
    server.asked.clear()
    server.rules.delay_s = 0.3


@pytest.mark.django_db(transaction=True)
def test_twenty_threads_with_an_expired_token_make_one_request_for_a_new_one(
    oauth_server: AuthorizationServer, kind: str
) -> None:
    service, barrier = guarded.service(oauth_server), Barrier(THREADS)
    expire(oauth_server, service)

    def call(_: int) -> str:
        barrier.wait()
        try:
            return guarded.call(Service.objects.get(pk=service.pk))
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(call, range(THREADS))) == [FINE] * THREADS
    assert len(oauth_server.token_requests) == 1
    assert len(oauth_server.resource_requests) == THREADS


@pytest.fixture
def database(tmp_path: Path, migrated: str, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """One that other processes can use too; the ORM of this one works on it."""
    with django_db_blocker.unblock(), fresh_database(tmp_path, migrated) as url, orm_on(url):
        yield url


@contextmanager
def racer(database: str, kind: str, service: Service, threads: int) -> Iterator[subprocess.Popen[str]]:
    """Another process that is ready to call the service when it is told to."""
    command = [sys.executable, "-m", "tests.peers.token_racer", kind, service.slug, str(threads)]
    environment = {**os.environ, "DATABASE_URL": database, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def start(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("go\n")
    process.stdin.flush()


def test_four_processes_with_an_expired_token_make_one_request_for_a_new_one(
    database: str, oauth_server: AuthorizationServer, kind: str
) -> None:
    service = guarded.service(oauth_server)
    expire(oauth_server, service)
    each = THREADS // PROCESSES
    with ExitStack() as stack:
        racers = [stack.enter_context(racer(database, kind, service, each)) for _ in range(PROCESSES)]
        for process in racers:
            start(process)
        came_to = [process.communicate(timeout=60)[0].split("\n") for process in racers]
    assert [line for lines in came_to for line in lines if line] == [FINE] * THREADS
    assert len(oauth_server.token_requests) == 1
    assert Call.objects.filter(operation="fetch_token").count() == 2, "the first one, and the one after it expired"


def test_when_the_one_who_signs_in_is_killed_another_one_takes_over(
    database: str, oauth_server: AuthorizationServer, kind: str
) -> None:
    service = guarded.service(oauth_server, deadline_s=30)
    oauth_server.rules.delay_s = 20
    with racer(database, kind, service, 1) as process:
        start(process)
        seconds_until(lambda: oauth_server.token_requests, 30, "the request for a token")
        process.kill()
        process.wait()
    oauth_server.rules.delay_s = 0
    row = AccessToken.objects.get()
    assert row.holder is not None
    seconds_held = (row.held_until - timezone.now()).total_seconds()
    assert 0 < seconds_held <= service.connect_timeout_s + service.deadline_s + 15
    AccessToken.objects.update(held_until=timezone.now())  # as if that time had passed
    assert guarded.call(service) == FINE
    assert len(oauth_server.token_requests) == 2
