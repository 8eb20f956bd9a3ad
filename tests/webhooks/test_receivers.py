"""Who listens at an address is read once a second, and strangers leave nothing behind."""

from __future__ import annotations

import pytest

from integrations import credentials
from integrations.models import Service
from integrations.webhooks import receivers


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock, set by the test."""
    now = [100.0]
    monkeypatch.setattr(receivers, "KEPT_S", 1.0)
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    return now


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that the database was asked for."""
    asked: list[str] = []
    found = receivers._found

    def ask(slug: str) -> receivers.Receiver | None:
        asked.append(slug)
        return found(slug)

    monkeypatch.setattr(receivers, "_found", ask)
    return asked


def test_a_service_is_read_once_a_second(github: Service, seconds: list[float], read: list[str]) -> None:
    for later, times in ((0, 1), (0, 1), (0.999, 1), (0.001, 2)):
        seconds[0] += later
        assert receivers.of_slug("github")
        assert read == ["github"] * times


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
def test_addresses_where_nobody_listens_are_not_remembered(read: list[str]) -> None:
    assert [receivers.of_slug("nobody"), receivers.of_slug("nobody")] == [None, None]
    assert read == ["nobody", "nobody"]
    assert receivers._kept == {}
