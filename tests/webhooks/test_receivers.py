"""Who listens at an address is read once a second, and strangers leave nothing behind."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrations import credentials
from integrations.models import Service
from integrations.webhooks import receivers


def asked(slug: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        receivers.of_slug(slug)
    return len(queries)


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock, set by the test."""
    now = [100.0]
    monkeypatch.setattr(receivers, "KEPT_S", 1.0)
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    return now


def test_a_service_is_read_once_a_second(github: Service, seconds: list[float]) -> None:
    assert [asked("github"), asked("github")] == [1, 0]
    seconds[0] += 0.999
    assert asked("github") == 0
    seconds[0] += 0.001
    assert asked("github") == 1


def test_a_secret_that_was_taken_back_and_a_service_switched_off_count_a_second_later(
    github: Service, seconds: list[float]
) -> None:
    before = receivers.of_slug("github")
    assert before
    credentials.store(github, "webhook_secret", "another")
    assert receivers.of_slug("github") is before
    seconds[0] += 1
    after = receivers.of_slug("github")
    assert after
    assert after.stored["webhook_secret"] != before.stored["webhook_secret"]
    Service.objects.update(enabled=False)
    seconds[0] += 1
    assert receivers.of_slug("github") is None


@pytest.mark.usefixtures("seconds", "db")
def test_addresses_where_nobody_listens_are_not_remembered() -> None:
    assert [asked("nobody"), asked("nobody")] == [1, 1]
    assert receivers._kept == {}
