"""Streams that rest, and runs that rest with them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from integrations import due, ops, tasks
from integrations.models import Record, Stream, SyncRun
from tests.sync.source import Source, falter, sync, work
from tests.worker import queued

pytestmark = pytest.mark.usefixtures("page_by_page")


def renewed(stream: Stream) -> Stream:
    return Stream.objects.select_related("service").get(pk=stream.pk)


def half_read(source: Source, things: Stream, happens: Callable[[], Any]) -> SyncRun:
    """A run that had written its first page when something happened, and whose worker had the second and read the third."""
    source.put(*"abcdef")
    source.trouble = {3: happens}
    run = ops.sync(things, "staff")
    tasks.run_sync(str(run.pk))
    source.trouble = {}
    return SyncRun.objects.get(pk=run.pk)


def test_a_paused_stream_says_since_when_and_by_whom_and_starts_nothing(things: Stream, operator: User) -> None:
    ops.pause(things, operator)
    stream = renewed(things)
    assert stream.paused_at
    assert stream.paused_by == "operator"
    with pytest.raises(ops.Impossible, match=r"is paused by operator\. Resume it first\."):
        ops.sync(stream, "staff")
    with pytest.raises(ops.Impossible, match="is paused"):
        ops.sync_service(stream.service, "staff")
    assert not SyncRun.objects.exists()


def test_a_resumed_stream_starts_again(source: Source, things: Stream) -> None:
    ops.pause(things)
    ops.resume(things)
    assert (renewed(things).paused_at, renewed(things).paused_by) == (None, "")
    assert sync(things).state == "succeeded"


def test_what_is_paused_is_not_paused_again_nor_what_goes_resumed(things: Stream) -> None:
    with pytest.raises(ops.Impossible, match="is not paused"):
        ops.resume(things)
    ops.pause(things)
    with pytest.raises(ops.Impossible, match="is paused already"):
        ops.pause(things)


def test_a_worker_that_is_at_a_page_when_its_stream_is_paused_writes_nothing_more(
    source: Source, things: Stream
) -> None:
    run = half_read(source, things, lambda: ops.pause(things))
    assert (run.state, run.pages, run.items, run.lease_until) == ("paused", 1, 2, None)
    assert Record.objects.count() == 2


def test_a_run_that_rested_goes_on_where_it_stopped(source: Source, things: Stream) -> None:
    run = half_read(source, things, lambda: ops.pause(things))
    source.asked.clear()
    ops.resume(things)
    run.refresh_from_db()
    assert (run.state, queued()[-1]) == ("queued", ("integrations.tasks.run_sync", (str(run.pk),)))
    run = work(run)
    assert (run.state, run.created, run.pages) == ("succeeded", 6, 3)
    assert source.asked == [{"after": "b", "end": False}]


@pytest.mark.parametrize("state", ["queued", "parked"])
def test_a_run_that_waits_rests_and_no_bell_wakes_it(source: Source, things: Stream, state: str) -> None:
    source.put("a")
    source.trouble = {1: falter} if state == "parked" else {}
    run = ops.sync(things, "staff")
    if state == "parked":
        tasks.run_sync(str(run.pk))
    ops.pause(things)
    due.start()
    tasks.run_sync(str(run.pk))
    run.refresh_from_db()
    assert (run.state, run.items) == ("paused", 0)
    source.trouble = {}
    ops.resume(things)
    assert work(SyncRun.objects.get(pk=run.pk)).created == 1


def test_a_schedule_of_a_paused_stream_begins_nothing_and_moves_on(things: Stream) -> None:
    things.schedule = "0 * * * *"
    things.save()
    ops.pause(things)
    Stream.objects.update(next_run_at=timezone.now() - timedelta(minutes=2))
    due.start()
    assert not SyncRun.objects.exists()
    next_run_at = renewed(things).next_run_at
    assert next_run_at
    assert next_run_at > timezone.now()


def test_a_run_that_rests_can_be_cancelled(source: Source, things: Stream) -> None:
    run = half_read(source, things, lambda: ops.pause(things))
    ops.cancel(run)
    run.refresh_from_db()
    assert (run.state, Record.objects.count()) == ("cancelled", 2)


def test_a_cancelled_run_writes_no_further_page_and_keeps_what_it_has(
    source: Source, things: Stream, operator: User
) -> None:
    run = half_read(source, things, lambda: ops.cancel(SyncRun.objects.get(), operator))
    assert (run.state, run.pages, run.failure_message) == ("cancelled", 1, "Cancelled by operator.")
    assert run.finished_at
    assert Record.objects.count() == 2
    again = work(ops.retry(run))
    assert (again.state, again.carried, again.created) == ("succeeded", 2, 4)


def test_a_run_that_ended_is_not_cancelled(source: Source, things: Stream) -> None:
    run = sync(things)
    with pytest.raises(ops.Impossible, match="has ended already"):
        ops.cancel(run)
    run.refresh_from_db()
    assert run.state == "succeeded"


def test_retry_on_a_parked_run_lets_it_go_on_at_once(source: Source, things: Stream, operator: User) -> None:
    source.put("a")
    source.trouble = {1: falter}
    run = ops.sync(things, "staff")
    tasks.run_sync(str(run.pk))
    run.refresh_from_db()
    assert (run.state, run.due_at > timezone.now()) == ("parked", True)
    source.trouble = {}
    assert ops.retry(run, operator) == run
    tasks.run_sync(str(run.pk))
    run.refresh_from_db()
    assert (run.state, SyncRun.objects.count()) == ("succeeded", 1)
