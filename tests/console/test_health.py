"""The three answers for monitors: their shape, who sees how much, and that they never wait for others."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from integrations.models import Service, ServiceState, WorkerHeartbeat
from tests.flows.processes import free_port

HEALTH = "/health/"
TOKEN = "a token of the tests"
connects: list[object] = []
watching = False


def _note_connects(event: str, arguments: Any) -> None:
    if watching and event in {"socket.connect", "socket.getaddrinfo"}:
        connects.append(arguments)


sys.addaudithook(_note_connects)


@pytest.fixture
def watched() -> Iterator[list[object]]:
    """Every connection this process tries to make."""
    global watching  # noqa: PLW0603 - an audit hook cannot be taken off again
    connects.clear()
    watching = True
    yield connects
    watching = False


def put(service: Service, health: str, **more: Any) -> None:
    ServiceState.objects.filter(service=service).update(health=health, **more)


def beat(seconds_ago: float) -> None:
    WorkerHeartbeat.objects.create(name="default", beat_at=timezone.now() - timedelta(seconds=seconds_ago))


@pytest.fixture
def token(settings: Settings) -> str:
    settings.HEALTH_TOKEN = TOKEN
    return TOKEN


def with_token(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_details_are_name_status_time_and_the_error_of_what_is_unwell(
    token: str, cms: Service, github: Service
) -> None:
    put(cms, "healthy", response_time_ms=12.5, remark="fine")
    put(github, "unhealthy", response_time_ms=None, remark="No route.")
    response = Client().get(HEALTH, headers=with_token(token))
    assert response.status_code == 503
    assert response.json() == {
        "cms": {"status": "healthy", "response_time_ms": 12.5},
        "github": {"status": "unhealthy", "response_time_ms": None, "error": "No route."},
    }


@pytest.mark.parametrize(
    ("left", "right", "status"),
    [("healthy", "healthy", 200), ("healthy", "unknown", 503), ("unhealthy", "healthy", 503)],
)
def test_well_means_every_service_in_use(cms: Service, github: Service, left: str, right: str, status: int) -> None:
    put(cms, left)
    put(github, right)
    response = Client().get(HEALTH)
    assert (response.status_code, response.json()) == (status, {"status": "healthy" if status == 200 else "unhealthy"})


def test_what_is_off_is_not_asked_about(token: str, cms: Service, github: Service) -> None:
    put(cms, "healthy", response_time_ms=1.0)
    put(github, "unhealthy")
    Service.objects.filter(pk=github.pk).update(enabled=False)
    response = Client().get(HEALTH, headers=with_token(token))
    assert (response.status_code, set(response.json())) == (200, {"cms"})


@pytest.mark.django_db
def test_nothing_to_watch_is_well(token: str) -> None:
    assert Client().get(HEALTH, headers=with_token(token)).json() == {}
    assert Client().get(HEALTH).status_code == 200


@pytest.mark.parametrize(
    "given", ["", "Bearer ", "Bearer wrong", "Bearer wröng", "Basic eDp5", "Bearer a token of the test", "\x7f"]
)
def test_a_wrong_token_sees_the_bare_status(token: str, cms: Service, given: str) -> None:
    put(cms, "unhealthy", remark="No route.")
    assert Client().get(HEALTH, headers={"Authorization": given}).json() == {"status": "unhealthy"}


@pytest.mark.parametrize("given", ["Bearer ", "Bearer", ""])
def test_without_a_token_in_the_settings_none_is_right(settings: Settings, cms: Service, given: str) -> None:
    settings.HEALTH_TOKEN = ""
    assert Client().get(HEALTH, headers={"Authorization": given}).json() == {"status": "unhealthy"}


@pytest.mark.parametrize(
    ("who", "details"), [("viewer", True), ("stranger", True), ("customer", False), ("left", False)]
)
def test_details_are_for_active_staff(
    request: Any, as_person: Callable[[User], Client], cms: Service, who: str, details: bool
) -> None:
    if who == "customer":
        user = User.objects.create_user("customer")
    else:
        user = request.getfixturevalue("viewer" if who == "left" else who)
    client = as_person(user)
    User.objects.filter(pk=user.pk).update(is_active=who != "left")
    assert ("cms" in client.get(HEALTH).json()) == details


@pytest.mark.parametrize("address", [HEALTH, "/livez", "/readyz"])
def test_answers_come_without_a_call_to_anybody(
    github: Service, watched: list[object], django_assert_max_num_queries: Any, address: str
) -> None:
    Service.objects.update(base_url=f"http://127.0.0.1:{free_port()}/")
    for number in range(5):
        Service.objects.create(slug=f"more{number}", name="More", system="github", base_url="http://127.0.0.1:9/")
    with django_assert_max_num_queries({HEALTH: 1, "/livez": 0, "/readyz": 1}[address]):
        Client().get(address)
    assert watched == []


@pytest.mark.django_db
def test_answers_are_not_kept_by_anybody() -> None:
    for address in (HEALTH, "/readyz"):
        assert "no-store" in Client().get(address).headers["Cache-Control"]


@pytest.mark.django_db
@pytest.mark.parametrize("address", [HEALTH, "/livez", "/readyz"])
def test_they_only_answer_questions(address: str) -> None:
    assert Client().post(address).status_code == 405
    assert Client().head(address).status_code in {200, 503}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("age", "status", "worker"), [(5, 200, "ok"), (55, 200, "ok"), (65, 503, "late"), (None, 503, "late")]
)
def test_ready_means_that_the_worker_gave_a_sign_in_the_last_minute(age: int | None, status: int, worker: str) -> None:
    if age is not None:
        beat(age)
    response = Client().get("/readyz")
    assert (response.status_code, response.json()) == (status, {"database": "ok", "worker": worker})


ASK = """
import json, sys, time
import django
django.setup()
from django.test import Client
found = {}
for address in sys.argv[1:]:
    began = time.monotonic()
    response = Client(headers={"Authorization": "Bearer x"}).get(address)
    found[address] = [response.status_code, response.content.decode(), time.monotonic() - began]
print(json.dumps(found))
"""


def ask_with_database(url: str, *addresses: str) -> Any:
    env = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.settings", "ALLOWED_HOSTS": "testserver"}
    command = [sys.executable, "-c", ASK, *addresses]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_without_a_database_the_process_lives_and_is_not_ready() -> None:
    found = ask_with_database(f"postgres://nobody@127.0.0.1:{free_port()}/none", "/livez", "/readyz", HEALTH)
    assert found["/livez"][:2] == [200, "ok\n"]
    assert found["/readyz"][:2] == [503, '{"database": "unreachable", "worker": "unknown"}']
    assert found[HEALTH][:2] == [503, '{"status": "unhealthy"}']
    assert max(spent for _status, _text, spent in found.values()) < 2


def test_a_database_that_says_nothing_is_not_waited_for_without_end(silent_port: int) -> None:
    found = ask_with_database(f"postgres://nobody@127.0.0.1:{silent_port}/none", "/readyz")
    assert found["/readyz"][0] == 503
    assert found["/readyz"][2] < 5
