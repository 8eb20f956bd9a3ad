"""How the console itself is: figures, tones, the page and the command."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ

from integrations import vitals
from integrations.models import WorkerHeartbeat
from tests.admin.asking import said

AsPerson = Callable[[User], Client]
PAGE = "/admin/console/"


def _waits(seconds: float) -> None:
    at = timezone.now() - timedelta(seconds=seconds)
    OrmQ.objects.create(key=Conf.CLUSTER_NAME, payload="x", lock=at)


def _found() -> dict[str, vitals.Vital]:
    return {each.name: each for each in vitals.read()}


@pytest.fixture
def alive(db: None) -> None:
    """A worker that gave a sign of life, and a queue without bells."""
    OrmQ.objects.all().delete()
    WorkerHeartbeat.objects.create(name="default", beat_at=timezone.now())


def test_a_console_that_is_well_says_so_with_figures(alive: None) -> None:
    found = _found()
    names = ["Worker", "Queue", "Oldest task", "Database", "Clock"]
    assert {name: found[name].tone for name in names if name != "Database"} == {
        name: "good" for name in names if name != "Database"
    }
    assert found["Queue"].value == "0 tasks wait"
    assert found["Oldest task"].value == "nothing waits"
    assert "free (" in found["Disk"].value
    assert "answers in" in found["Database"].value


@pytest.mark.parametrize(("age", "tone"), [(5, "good"), (90, "warn"), (700, "bad")])
def test_a_task_that_waits_long_is_seen(alive: None, age: int, tone: str) -> None:
    _waits(age)
    assert _found()["Oldest task"].tone == tone


@pytest.mark.parametrize(("free", "tone"), [(50, "good"), (10, "warn"), (3, "bad")])
def test_a_disk_that_fills_up_is_seen(alive: None, monkeypatch: pytest.MonkeyPatch, free: int, tone: str) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(total=100, free=free, used=100 - free))
    assert _found()["Disk"].tone == tone


def test_the_page_is_for_those_who_see_services_and_says_what_to_do(
    viewer: User, stranger: User, as_person: AsPerson
) -> None:
    text = said(as_person(viewer), PAGE)
    assert "never seen" in text
    assert "Start manage.py worker." in text
    assert as_person(stranger).get(PAGE).status_code == 403


def test_it_asks_as_many_questions_however_long_the_queue_is(alive: None) -> None:
    with CaptureQueriesContext(connection) as few:
        vitals.read()
    for _ in range(5):
        _waits(1)
    with CaptureQueriesContext(connection) as many:
        vitals.read()
    assert len(many) == len(few) <= 6


def test_the_command_ends_with_an_error_only_where_somebody_must_act(alive: None) -> None:
    out = StringIO()
    WorkerHeartbeat.objects.update(beat_at=None)
    with pytest.raises(CommandError, match=r"Act now: .*Worker"):
        call_command("vitals", stdout=out)
    assert "Act now     Worker" in out.getvalue()
