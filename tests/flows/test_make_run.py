"""The first command a newcomer types: what it says, that it works, that Ctrl-C ends all of it."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from django.conf import settings
from django.contrib.auth.models import User
from pytest_django import DjangoDbBlocker

from integrations.models import Credential, Service, Stream, SyncRun
from tests.flows import processes
from tests.flows.browserless import signed_in
from tests.flows.databases import fresh_database, orm_on
from tests.flows.newcomer import UP_S, Copy, Run, clone
from tests.flows.processes import seconds_until

STOPS_WITHIN_S = 15.0
README_COMMAND = re.compile(r"^\.venv/bin/python manage\.py (.+)$", re.MULTILINE)
PASSWORD = re.compile(r"The first superuser is admin, the password (\S+) \(shown this once\)\.")

pytestmark = pytest.mark.slow


@pytest.fixture
def copy(tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[Copy]:
    """The ORM works on the copy's database."""
    data = tmp_path / "console" / "var"
    with django_db_blocker.unblock(), fresh_database(data) as url, orm_on(url):
        yield clone(tmp_path / "console", url)


def data() -> dict[str, Any]:
    """What a start must not change."""
    tables = (User, Service, Stream, Credential)
    return {table.__name__: list(table._default_manager.order_by("pk").values()) for table in tables}


def stop(run: Run) -> float:
    """Press Ctrl-C; how long it took until no process was left."""
    rows = processes.descendants(run.popen.pid)
    groups = {row.group for row in rows} | {run.popen.pid}
    assert len(rows) > 8, "web server, worker, sandbox and the queue's processes"
    run.interrupt()
    took = seconds_until(lambda: run.popen.poll() is not None, STOPS_WITHIN_S, "make run ended")
    left = {row.pid for row in rows}
    return took + seconds_until(
        lambda: not any(row.pid in left or row.group in groups for row in processes.table()),
        STOPS_WITHIN_S - took,
        "nothing is left",
    )


def test_runs_stops_and_runs_again(copy: Copy) -> None:
    with copy.make_run() as run:
        took = seconds_until(copy.is_up, UP_S, "the first start")
        (password,) = PASSWORD.findall(run.output())
        assert run.output().count(password) == 1
        assert run.output().count(f"The console is at {copy.url}/") == 1
        assert "Articles (demonstration), GitHub (demonstration)" in run.output()
        signed_in(copy.url, "admin", password)
        print(f"the first start took {took:.1f} s, Ctrl-C {stop(run):.1f} s")
        assert "Traceback" not in run.output()

    before = data()
    with copy.make_run() as again:
        took = seconds_until(copy.is_up, UP_S, "the second start")
        assert "password" not in again.output()
        assert data() == before
        print(f"the second start took {took:.1f} s, Ctrl-C {stop(again):.1f} s")


def test_the_commands_of_the_readme_do_what_it_says(copy: Copy) -> None:
    commands = README_COMMAND.findall((settings.BASE_DIR / "README.md").read_text())
    assert len(commands) == 2
    with copy.make_run() as run:
        seconds_until(copy.is_up, UP_S, "the first start")
        for command in commands:
            copy.manage(*command.split())
        stop(run)
    assert SyncRun.objects.get().state == SyncRun.State.SUCCEEDED


def test_ctrl_c_ends_everything_while_a_sync_waits_for_its_remote(copy: Copy) -> None:
    with copy.make_run() as run:
        seconds_until(copy.is_up, UP_S, "the first start")
        faults = f"http://127.0.0.1:{copy.sandbox_port}/_faults/cms/"
        requests.post(faults, json={"delay_s": 60}, timeout=5).raise_for_status()
        copy.manage("sync", "articles")
        running = SyncRun.objects.filter(state=SyncRun.State.RUNNING)
        seconds_until(running.exists, 30, "the worker has begun")
        print(f"Ctrl-C took {stop(run):.1f} s")
        assert "Traceback" not in run.output(), run.output()


@pytest.mark.parametrize(("taken", "variable"), [("port", "WEB_PORT"), ("sandbox_port", "SANDBOX_PORT")])
def test_a_taken_port_is_said_in_a_sentence(copy: Copy, taken: str, variable: str) -> None:
    port: int = getattr(copy, taken)
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        with copy.make_run() as run:
            assert run.popen.wait(UP_S) != 0
    said = f"Port {port} is taken. Stop what uses it, or set {variable} to a free port in .env."
    assert said in run.output()
    assert "Traceback" not in run.output()
    assert not copy.is_up()
