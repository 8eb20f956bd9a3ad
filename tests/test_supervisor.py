from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ

from integrations import due, heartbeat, supervisor
from integrations.supervisor import STALE_S, STEADY_S, STUCK_S, Supervisor


class FakeCluster:
    """The queue's processes without any."""

    age = STEADY_S + 1

    def __init__(self) -> None:
        self.alive = True

    def lives(self) -> bool:
        return self.alive

    def age_s(self) -> float:
        return self.age

    def kill(self) -> None:
        self.alive = False


@pytest.fixture
def watched(db: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Supervisor:
    """A supervisor with a running cluster."""
    caplog.set_level(logging.INFO, "integrations.supervisor")
    monkeypatch.setattr(supervisor, "Cluster", FakeCluster)
    monkeypatch.setattr("django.db.close_old_connections", lambda: None)  # it would end the test's transaction
    watching = Supervisor()
    one_round(watching)
    return watching


def one_round(watching: Supervisor) -> None:
    watching._keep_running()
    watching._look()


def test_replaces_a_queue_that_is_silent_for_too_long(watched: Supervisor, caplog: pytest.LogCaptureFixture) -> None:
    silent = watched._cluster
    watched._silence._since -= STALE_S + 1
    one_round(watched)
    one_round(watched)
    assert silent
    assert not silent.lives()
    assert watched._cluster not in (None, silent)
    assert caplog.messages == [
        "The processes of the queue are started again now. No task gave a sign of life for 61 s."
    ]


def test_replaces_a_queue_that_ticks_nothing_off(watched: Supervisor, caplog: pytest.LogCaptureFixture) -> None:
    fetched = OrmQ.objects.create(key=Conf.CLUSTER_NAME, payload="", lock=timezone.now() + timedelta(hours=1))
    one_round(watched)
    assert not caplog.messages
    watched._stuck._since -= STUCK_S + 1
    one_round(watched)
    one_round(watched)
    fetched.refresh_from_db()
    assert "is still not ticked off" in caplog.text
    assert fetched.lock <= timezone.now()


def test_does_not_replace_workers_for_a_heartbeat_that_cannot_be_read(
    watched: Supervisor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away() -> None:
        raise OperationalError("the server\nis away")

    running = watched._cluster
    with monkeypatch.context() as outage:
        outage.setattr(heartbeat, "last", away)
        for _ in range(3):
            watched._silence._since -= STALE_S + 1
            one_round(watched)
    one_round(watched)
    one_round(watched)
    assert watched._cluster is running
    assert caplog.messages == [
        "The database cannot be used, the worker tries again every second: the server is away",
        "The worker's trouble is over; what is due is started again.",
    ]


def test_waits_longer_and_longer_for_a_queue_that_dies_of_its_start(
    watched: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeCluster, "age", 2.0)
    monkeypatch.setattr(FakeCluster, "lives", lambda _: False)
    pauses: list[float] = []
    for _ in range(7):
        watched._keep_running()
        assert watched._cluster is None
        pauses.append(watched._pause_s)
        watched._start_at = 0
        watched._keep_running()
    assert pauses == [1, 2, 4, 8, 16, 30, 30]


def test_a_programming_error_in_what_is_due_is_said_once_and_ends_nothing(
    watched: Supervisor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def wrong() -> None:
        raise KeyError("a mistake")

    monkeypatch.setattr(due, "start", wrong)
    for _ in range(3):
        one_round(watched)
    assert caplog.messages == ["What is due cannot be started, tell the programmers: KeyError('a mistake')"]
    assert watched._cluster
