"""The panel of a run: what may be done in each state, what is shown of it, and how little that asks of the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations import story
from integrations.models import Call, Change, Essay, RecordError, RunEvent, Service, Sighting, SyncRun
from tests.admin.asking import hrefs, page, said

# Session, user, run; estimate, story, calls and their number, changes, errors. Two more where roles are looked up.
MOST_QUERIES = 9
ENDED = {"Run again"}
VERBS = {
    "queued": {"Cancel run"},
    "running": {"Cancel run"},
    "parked": {"Retry", "Cancel run"},
    "paused": {"Cancel run"},
    "held": {"Approve", "Keep the rows", *ENDED},
    "succeeded": ENDED,
    "warned": ENDED,
    "partial": ENDED,
    "failed": {"Retry", *ENDED},
    "cancelled": {"Retry", *ENDED},
}


@pytest.fixture
def run(cms: Service) -> SyncRun:
    return SyncRun.objects.create(
        stream=cms.streams.get(), trigger="staff", state="running", started_at=timezone.now(), items=50, worked_s=5.0
    )


def panel(client: Client, run: SyncRun) -> str:
    response = client.get(page(SyncRun, "live", run.pk))
    assert response.status_code in {200, 286}
    return str(response.content.decode())


def busy(run: SyncRun, number: int) -> None:
    """That many of everything that hangs on it."""
    for index in range(number):
        story.tell(run, RunEvent.Kind.RECOVERED, f"Moment {index}.")
        Change.objects.create(run=run, model="Essay", external_id=str(index), kind="updated")
        RecordError.objects.create(
            run=run, stream=run.stream, key=str(index), external_id=f"bad-{index}", reason="Odd."
        )
    Call.objects.bulk_create(call(run, duration_ms=float(index + 1)) for index in range(number))


def call(run: SyncRun, **timings: float) -> Call:
    return Call(
        service=run.stream.service,
        run=run,
        operation="list_articles",
        method="GET",
        status=200,
        outcome="ok",
        code="ok",
        started_at=timezone.now(),
        trigger="sync",
        correlation_id=uuid4(),
        **timings,
    )


@pytest.mark.parametrize("state", SyncRun.State.values)
def test_only_what_makes_sense_may_be_pressed(
    run: SyncRun, operator: User, as_person: Callable[[User], Client], state: str
) -> None:
    SyncRun.objects.update(state=state)
    html = panel(as_person(operator), run)
    offered = {verb for verbs in VERBS.values() for verb in verbs if f">{verb}</a>" in html}
    assert offered == VERBS[state]


def test_a_viewer_may_press_nothing(run: SyncRun, viewer: User, as_person: Callable[[User], Client]) -> None:
    for state in SyncRun.State.values:
        SyncRun.objects.update(state=state)
        assert "c-button" not in panel(as_person(viewer), run)


def test_a_look_each_second_asks_the_same_few_questions_however_much_there_is(browser: Client, run: SyncRun) -> None:
    counts, sizes = list[int](), list[int]()
    for number in (2, 60):
        RecordError.objects.all().delete()
        busy(run, number)
        with CaptureQueriesContext(connection) as queries:
            html = panel(browser, run)
        counts.append(len(queries))
        sizes.append(len(html))
    assert counts == [MOST_QUERIES] * 2, queries.captured_queries
    assert sizes[1] < 40_000


def test_of_a_long_story_the_end_is_told(browser: Client, run: SyncRun) -> None:
    busy(run, 40)
    html = panel(browser, run)
    assert "Moment 9." not in html
    assert html.index("Moment 10.") < html.index("Moment 39.")


def test_progress_goes_by_the_run_before_where_the_source_does_not_count(browser: Client, run: SyncRun) -> None:
    assert "How many items there are is not known" in panel(browser, run)
    before = SyncRun.objects.create(stream=run.stream, trigger="staff", state="succeeded", items=200)
    SyncRun.objects.filter(pk=run.pk).update(state="cancelled")
    again = SyncRun.objects.create(stream=run.stream, trigger="staff", state="running", items=50, worked_s=5.0)
    assert before.pk < again.pk
    assert "50 of about 200, as last time · 25 % · about 15 s left" in panel(browser, again)


def test_a_failure_says_who_must_act_and_what_it_was(browser: Client, run: SyncRun) -> None:
    failure = {"failure_origin": "mapping", "failure_code": "error_budget", "failure_message": "Too many are odd."}
    SyncRun.objects.update(state="failed", finished_at=timezone.now(), **failure)
    html = panel(browser, run)
    assert "<strong>Error budget</strong> · must act: whoever manages the paths in the options of the service" in html
    assert "Too many are odd." in html


def test_calls_are_drawn_to_one_scale(browser: Client, run: SyncRun) -> None:
    Call.objects.bulk_create(
        [call(run, duration_ms=100.0, first_byte_ms=100.0), call(run, duration_ms=50.0, first_byte_ms=50.0)]
    )
    html = panel(browser, run)
    assert [f'width="{width}" height="10"' in html for width in (1000, 500, 250)] == [True, True, False]


def test_a_question_shows_the_rows_it_is_about_and_leads_to_all_of_them(browser: Client, run: SyncRun) -> None:
    stream, now = run.stream, timezone.now()
    for number in range(12):
        Essay.objects.create(
            service=stream.service, stream=stream, external_id=f"e{number}", title=f"Essay {number}", synced_at=now
        )
    seen = Essay.objects.create(service=stream.service, stream=stream, external_id="seen", title="Seen", synced_at=now)
    Sighting.objects.create(stream=stream, reading=run.pk, ids=["seen"])
    SyncRun.objects.update(state="held", finished_at=now, due_at=now + timedelta(days=7), withheld=12)
    html = panel(browser, run)
    assert "12 rows would be marked as gone" in html
    assert ("Essay 9" in html, "Essay 10" in html, "Seen" in html) == (True, False, False)
    (address,) = [each for each in hrefs(html) if "missing=" in each]
    assert address == page(Essay, "changelist", missing=run.pk)
    listed = said(browser, address)
    assert [essay for essay in Essay.objects.all() if essay.get_absolute_url() not in listed] == [seen]
    SyncRun.objects.update(state="warned")
    assert "No row fits" in said(browser, address)


def test_who_decided_and_why_stays_on_the_page(browser: Client, run: SyncRun) -> None:
    SyncRun.objects.update(state="warned", decided_by="Ada", decided_at=timezone.now(), decision="They moved house.")
    html = panel(browser, run)
    assert "Ada decided" in html
    assert "They moved house." in html
