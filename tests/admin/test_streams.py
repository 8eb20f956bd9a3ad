"""The list of streams and the page of one: how fresh, what came last, what comes next."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.models import Service, Stream, SyncRun
from tests.admin.asking import page, said

MOST_QUERIES = 7  # session, user, two numbers of rows, services of the filter, rows


@pytest.fixture
def stream(cms: Service) -> Stream:
    return cms.streams.get()


def update(stream: Stream, **values: Any) -> None:
    Stream.objects.filter(pk=stream.pk).update(**values)


def listed(browser: Client) -> str:
    return said(browser, page(Stream, "changelist"))


def panel(browser: Client, stream: Stream) -> str:
    return str(browser.get(page(Stream, "live", stream.pk)).content.decode())


def test_a_list_of_many_asks_no_more_than_a_list_of_one(browser: Client, cms: Service) -> None:
    counts = []
    for number in range(2):
        with CaptureQueriesContext(connection) as queries:
            listed(browser)
        counts.append(len(queries))
        for each in range(10):
            stream = Stream.objects.create(service=cms, name=f"more-{number}-{each}", schedule="0 * * * *")
            SyncRun.objects.create(stream=stream, trigger="staff", state="failed")
    assert counts == [MOST_QUERIES] * 2


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "No good data yet"),
        ({"hours": 2}, '<span class="c-badge c-good">Good data from 2 h ago</span>'),
        ({"hours": 2, "schedule": "every 3 hours"}, '<span class="c-badge c-good">Good data from 2 h ago</span>'),
        (
            {"hours": 2, "schedule": "every 30 minutes"},
            '<span class="c-badge c-warn">Late: good data from 2 h ago</span>',
        ),
    ],
)
def test_how_fresh_the_data_is_goes_by_the_schedule(
    browser: Client, stream: Stream, values: dict[str, Any], words: str
) -> None:
    if hours := values.pop("hours", 0):
        values["last_success_at"] = timezone.now() - timedelta(hours=hours, minutes=1)
    update(stream, **values)
    assert words in listed(browser)
    assert words in panel(browser, stream)


def test_the_newest_run_is_the_last_result(browser: Client, stream: Stream) -> None:
    assert "never synced" in listed(browser)
    SyncRun.objects.create(stream=stream, trigger="staff", state="succeeded")
    run = SyncRun.objects.create(stream=stream, trigger="staff", state="failed")
    html = listed(browser)
    assert "Failed</span>" in html
    assert "Succeeded</span>" not in html
    assert run.get_absolute_url() in html


def test_the_next_run_is_said_with_why_it_is_not_at_the_full_hour(browser: Client, stream: Stream) -> None:
    assert "when somebody asks" in panel(browser, stream)
    stream.schedule = "0 */6 * * *"
    stream.save()
    html = panel(browser, stream)
    assert "by cron “0 */6 * * *”" in html
    assert "so that not everything starts at the same moment" in html
    assert stream.next_run_at
    assert stream.next_run_at.isoformat()[:16] in html


@pytest.mark.parametrize(
    ("values", "state", "starts"),
    [
        ({}, "succeeded", "at once"),
        ({}, "running", "when the run under way has ended"),
        ({"paused_at": timezone.now(), "paused_by": "Ada"}, "paused", "when the stream is resumed"),
    ],
)
def test_a_delivery_that_asked_for_a_sync_is_shown(
    browser: Client, stream: Stream, values: dict[str, Any], state: str, starts: str
) -> None:
    SyncRun.objects.create(stream=stream, trigger="staff", state=state)
    update(stream, touched_at=timezone.now(), **values)
    html = panel(browser, stream)
    assert "A delivery asked for a sync" in html
    assert f"It starts {starts}." in html


def test_of_pause_and_resume_the_one_that_fits_is_shown(browser: Client, stream: Stream) -> None:
    for is_paused in (False, True):
        update(stream, paused_at=timezone.now() if is_paused else None, paused_by="Ada")
        html = said(browser, stream.get_absolute_url())
        shown = {
            verb: page(Stream, verb, stream.pk) in html for verb in ("pause", "resume", "sync_now", "forget_position")
        }
        assert shown == {
            "pause": not is_paused,
            "resume": is_paused,
            "sync_now": not is_paused,
            "forget_position": True,
        }
        assert ("Paused by Ada" in listed(browser)) == is_paused


@pytest.mark.parametrize(
    ("schedule", "answer"),
    [
        ("every 15 minutes", ""),
        ("15 minutes", "Write “every 15 minutes” or five cron fields"),
        ("0 0 31 2 *", "ever comes"),
    ],
)
def test_a_schedule_is_checked_where_it_is_written(browser: Client, stream: Stream, schedule: str, answer: str) -> None:
    form = {"enabled": "on", "full_every_hours": 24, "lag_seconds": 300, "guard_percent": 10, "guard_rows": 50}
    response = browser.post(stream.get_absolute_url(), {**form, "error_budget_percent": 5, "schedule": schedule})
    assert response.status_code == (200 if answer else 302)
    stream.refresh_from_db()
    assert (stream.next_run_at is None) == bool(answer)
    assert answer in response.content.decode()
