"""Schedules as staff write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.core.exceptions import ValidationError

from integrations import schedules
from integrations.models import Service

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
HOURLY = ("every 60 minutes", "every 1 hour", "0 * * * *")
KEYS = [f"{number}/files" for number in range(200)]


@pytest.mark.parametrize(
    "text", ["every 1 minute", "every 15 minutes", "Every 2 hours", "0 * * * *", "*/5 8-18 * * 1-5"]
)
def test_what_staff_write_is_taken(text: str) -> None:
    schedules.validate(text)


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        ("every minutes", "Write “every 15 minutes” or five cron fields"),
        ("15 minutes", "Write “every 15 minutes” or five cron fields"),
        ("@hourly", "Write “every 15 minutes” or five cron fields"),
        ("0 25 * * *", "Write “every 15 minutes” or five cron fields"),
        ("every 0 minutes", "between 1 minute and 8784 hours"),
        ("every 999999 hours", "between 1 minute and 8784 hours"),
        ("0 0 30 2 *", "No such day ever comes"),
    ],
)
def test_what_is_none_is_refused_with_the_mend(text: str, mend: str) -> None:
    with pytest.raises(ValidationError, match=mend):
        schedules.validate(text)


@pytest.mark.parametrize("text", HOURLY)
def test_times_come_once_an_interval_and_never_twice(text: str) -> None:
    for key in KEYS[:20]:
        moment, times = NOON, list[datetime]()
        for _ in range(5):
            moment = schedules.next_after(text, moment, key)
            times.append(moment)
        assert NOON < times[0] <= NOON + timedelta(hours=1, minutes=5)
        assert {after - before for before, after in pairwise(times)} == {timedelta(hours=1)}


@pytest.mark.parametrize("text", HOURLY)
def test_streams_do_not_all_start_with_the_full_hour(text: str) -> None:
    starts = {schedules.next_after(text, NOON - timedelta(seconds=1), key) - NOON for key in KEYS}
    assert len(starts) > 100
    assert timedelta() <= min(starts) < timedelta(seconds=30)
    assert timedelta(minutes=4, seconds=30) < max(starts) <= timedelta(minutes=5)


def test_it_is_put_off_by_a_tenth_of_a_short_interval_at_most_and_always_the_same() -> None:
    late = [schedules.put_off("every 10 minutes", key) for key in KEYS]
    assert timedelta(seconds=50) < max(late) <= timedelta(minutes=1)
    assert late == [schedules.put_off("*/10 * * * *", key) for key in KEYS]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Every 15 minutes", "every 15 minutes"),
        ("* * * * *", "every minute"),
        ("*/20 * * * *", "every 20 minutes"),
        ("5 * * * *", "every hour at :05"),
        ("30 6 * * *", "every day at 06:30"),
        ("0 9 * * 1", "every Monday at 09:00"),
        ("0 9 * * 1-5", "by cron “0 9 * * 1-5”"),
        ("0 9 1 * *", "by cron “0 9 1 * *”"),
    ],
)
def test_a_schedule_is_said_in_words(text: str, words: str) -> None:
    assert schedules.in_words(text) == words


@pytest.mark.parametrize(("asked_since", "is_late"), [(0, False), (1, False), (2, True)])
def test_a_stream_is_late_once_its_schedule_has_asked_twice_in_vain(
    cms: Service, asked_since: int, is_late: bool
) -> None:
    stream = cms.streams.get()
    stream.schedule = "every 60 minutes"
    next_run = stream.next_after(datetime.now(UTC))
    assert next_run
    stream.last_success_at = next_run - timedelta(hours=1 + asked_since) + timedelta(seconds=1)
    assert stream.is_late == is_late


def test_without_a_schedule_or_any_good_sync_nothing_is_late(cms: Service) -> None:
    stream = cms.streams.get()
    stream.last_success_at = NOON
    assert not stream.is_late
    stream.schedule, stream.last_success_at = "every 60 minutes", None
    assert not stream.is_late
