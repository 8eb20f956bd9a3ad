"""A run watched, cancelled, retried, paused and decided about, as a person does it; and how its pages look."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from integrations import ops, story
from integrations.models import Change, Essay, RunEvent, Stream, SyncRun
from tests.browser.conftest import Console
from tests.browser.steps import dialog, figure, is_same_page, message, panel, press, remember_page
from tests.browser.test_pictures import photograph
from tests.flows.processes import seconds_until

VANISHED = 100
WHY = "The source was tidied up."


def bar(page: Page) -> Locator:
    """How far the run is."""
    return panel(page).get_by_role("progressbar")


def buttons(page: Page) -> Locator:
    """What may be done to the run now."""
    return panel(page).locator(".c-verbs a")


def decide(page: Page, verb: str) -> None:
    """Press it, say why, agree."""
    page.get_by_role("link", name=verb).click()
    expect(dialog(page)).to_contain_text(f"It is about {VANISHED} rows")
    dialog(page).get_by_label("Reason").fill(WHY)
    dialog(page).get_by_role("button", name=verb).click()


@pytest.fixture
def stream(console: Console, synced: SyncRun) -> Iterator[Stream]:
    """That of the articles, which were read before; on and free afterwards."""
    stream = console.articles.streams.get()
    yield stream
    console.relay.release()
    Stream.objects.filter(pk=stream.pk).update(paused_at=None, paused_by="", touched_at=None)
    SyncRun.objects.filter(stream=stream, state__in=SyncRun.ACTIVE).update(state=SyncRun.State.CANCELLED)


@pytest.fixture
def question(stream: Stream) -> Iterator[SyncRun]:
    """A run that misses more rows than it may mark as gone."""
    now = timezone.now()
    rows = [
        Essay(
            service=stream.service,
            stream=stream,
            external_id=f"old-{number}",
            title=f"Old essay {number}",
            synced_at=now,
        )
        for number in range(VANISHED)
    ]
    Essay.objects.bulk_create(rows)
    run = ops.sync(stream, SyncRun.Trigger.COMMAND, full=True)
    seconds_until(SyncRun.objects.filter(pk=run.pk, state=SyncRun.State.HELD).exists, 30, "it asks")
    yield run
    Change.objects.filter(external_id__startswith="old-").delete()
    Essay.objects.filter(external_id__startswith="old-").delete()


def test_progress_moves_and_the_buttons_follow(
    page: Page, console: Console, synced: SyncRun, held_run: SyncRun
) -> None:
    page.goto(held_run.get_absolute_url())
    remember_page(page)
    expect(bar(page)).to_have_attribute("aria-valuenow", "47")
    expect(panel(page)).to_contain_text("115 of 240 · 47 %")
    expect(buttons(page)).to_have_text(["Cancel run"])
    console.relay.hold_from(160)
    expect(bar(page)).to_have_attribute("aria-valuenow", "71")
    expect(panel(page)).to_contain_text(re.compile(r"about .+ left"))
    console.relay.release()
    expect(panel(page)).to_contain_text("Nothing to do.")
    expect(buttons(page)).to_have_text(["Run again"])
    expect(figure(page, "Rate")).to_have_text(re.compile(r"\d/s|\d/min"))
    expect(panel(page).locator(".c-story li")).to_contain_text(["Asked for", "Started", "Ended"])
    assert is_same_page(page)


def test_a_run_is_cancelled_and_retried_where_it_stopped(
    page: Page, console: Console, stream: Stream, held_run: SyncRun
) -> None:
    page.goto(held_run.get_absolute_url())
    press(page, "Cancel run")
    message(page, "Cancelled:")
    expect(panel(page)).to_contain_text("Cancelled by admin.")
    expect(buttons(page)).to_have_text(["Retry", "Run again"])
    press(page, "Retry")
    page.get_by_text("Started:").get_by_role("link", name=re.compile(r"Run \d+ of")).click()
    expect(panel(page)).to_contain_text("goes on where an earlier run stopped")
    console.relay.release()
    expect(panel(page)).to_contain_text("Nothing to do.")
    expect(figure(page, "Read")).to_have_text("125 after 115 of 240")


def test_a_mass_delete_waits_for_somebody_who_says_why(page: Page, question: SyncRun) -> None:
    page.goto(question.get_absolute_url())
    expect(panel(page)).to_contain_text("100 rows would be marked as gone")
    expect(buttons(page)).to_have_text(["Approve", "Keep the rows", "Run again"])
    panel(page).get_by_role("link", name="the whole list").click()
    expect(page.locator("#result_list tbody tr")).to_have_count(50)
    page.goto(question.get_absolute_url())
    decide(page, "Approve")
    message(page, "Approved:")
    expect(panel(page)).to_contain_text("Nothing to do.")
    expect(figure(page, "Gone")).to_have_text("100")
    expect(panel(page)).to_contain_text(re.compile(rf"admin decided .*: {re.escape(WHY)}"))
    assert Essay.objects.filter(external_id__startswith="old-", deleted_at=None).count() == 0


def test_a_stream_is_paused_in_the_middle_of_a_run_and_resumed(
    page: Page, console: Console, stream: Stream, held_run: SyncRun
) -> None:
    page.goto(stream.get_absolute_url())
    expect(page.get_by_role("link", name="Resume")).to_have_count(0)
    press(page, "Pause")
    message(page, "is paused.")
    expect(panel(page)).to_contain_text("Paused by admin")
    expect(page.get_by_role("link", name="Pause", exact=True)).to_have_count(0)
    console.relay.release()
    panel(page).get_by_role("link", name=f"Run {held_run.pk}", exact=True).click()
    expect(panel(page)).to_contain_text("Press “Resume” on the page of the stream")
    expect(figure(page, "Read")).to_have_text("115 of 240")
    page.goto(stream.get_absolute_url())
    press(page, "Resume")
    message(page, "is resumed.")
    page.goto(held_run.get_absolute_url())
    expect(panel(page)).to_contain_text("Nothing to do.")
    expect(figure(page, "Read")).to_have_text("240 of 240")


def test_pictures_of_a_question(page: Page, pictures: Path, question: SyncRun) -> None:
    page.goto(question.get_absolute_url())
    photograph(page, pictures, "run-held")
    page.get_by_role("link", name="Approve").click()
    expect(dialog(page)).to_contain_text("Approve?")
    page.screenshot(path=pictures / "run-approve.png")
    page.goto(question.get_absolute_url())
    panel(page).get_by_role("link", name="the whole list").click()
    photograph(page, pictures, "run-held-list")


def test_pictures_of_runs_that_wait_or_failed(page: Page, pictures: Path, stream: Stream, held_run: SyncRun) -> None:
    rows, now = SyncRun.objects.filter(pk=held_run.pk), timezone.now()
    broken = {"failure_origin": "source", "failure_code": "connection_refused", "stalls": 2}
    broken |= {"failure_message": "Connection refused by crm.example:443. Check that the service is running."}
    rows.update(state="parked", due_at=now + timedelta(minutes=5), **broken)
    story.tell(held_run, RunEvent.Kind.RECOVERED, "Connection refused by crm.example:443. Tries again by itself.")
    page.goto(held_run.get_absolute_url())
    photograph(page, pictures, "run-parked")
    rows.update(state="failed", finished_at=now)
    page.goto(held_run.get_absolute_url())
    photograph(page, pictures, "run-failed")


def test_pictures_of_streams(page: Page, pictures: Path, stream: Stream, synced: SyncRun) -> None:
    stream.schedule = "every 15 minutes"
    stream.save()
    Stream.objects.filter(pk=stream.pk).update(touched_at=timezone.now())
    for name, address in {"streams": "/admin/integrations/stream/", "stream": stream.get_absolute_url()}.items():
        page.goto(address)
        photograph(page, pictures, name)
    ops.pause(stream)
    page.goto(stream.get_absolute_url())
    photograph(page, pictures, "stream-paused")
    Stream.objects.filter(pk=stream.pk).update(schedule="", next_run_at=None)
