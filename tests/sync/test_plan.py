"""What a run reads, and from where."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations import ops
from integrations.models import Record, Stream, SyncRun
from integrations.sync import plan
from integrations.transport.codes import Code
from tests.sync.source import Source, as_declared, refuse, retry, sync


def renewed(stream: Stream) -> Stream:
    return Stream.objects.select_related("service").get(pk=stream.pk)


@pytest.fixture
def copied(source: Source, things: Stream) -> Source:
    """Four letters, copied; the newest is an hour old."""
    source.put(*"abcd", stamp=timezone.now() - timedelta(hours=1))
    assert sync(things).mode == "full"
    return source


def test_the_first_run_reads_everything_and_the_next_what_changed(copied: Source, things: Stream) -> None:
    run = sync(things)
    watermark = renewed(things).watermark
    assert watermark
    assert watermark == copied.items["a"].fields["source_modified_at"]
    assert (run.mode, run.state, run.items) == ("incremental", "succeeded", 4)
    assert copied.asked == [{}, {"since": (watermark - timedelta(seconds=300)).isoformat()}]


def test_the_overlap_is_the_streams(copied: Source, things: Stream) -> None:
    Stream.objects.update(lag_seconds=0)
    copied.put("e", stamp=timezone.now() - timedelta(minutes=30))
    assert sync(things).created == 1
    assert sync(things).items == 1


def test_everything_is_read_when_somebody_asks_for_it(copied: Source, things: Stream) -> None:
    assert sync(things, full=True).mode == "full"
    assert copied.asked[-1] == {}


@pytest.mark.parametrize(
    ("changed", "mode"),
    [
        ({"full_every_hours": 0}, "full"),
        ({"last_full_at": timezone.now() - timedelta(hours=23)}, "incremental"),
        ({"last_full_at": timezone.now() - timedelta(hours=24)}, "full"),
        ({"last_full_at": None}, "full"),
        ({"watermark": None}, "full"),
    ],
)
def test_everything_is_read_when_it_was_not_for_long(
    copied: Source, things: Stream, changed: dict[str, object], mode: str
) -> None:
    Stream.objects.update(**changed)
    assert sync(things).mode == mode


def test_a_source_that_cannot_tell_changes_is_always_read_whole(copied: Source, things: Stream) -> None:
    as_declared(incremental=False)
    assert sync(things).mode == "full"


def test_a_stream_that_no_system_offers_any_more_gets_its_run(things: Stream) -> None:
    now = timezone.now()
    Stream.objects.update(name="gone", watermark=now, last_full_at=now)
    run = sync(things)
    assert (run.mode, run.state, run.failure_code) == ("full", "failed", "not_configured")


def test_a_forgotten_position_makes_the_next_run_read_everything(copied: Source, things: Stream) -> None:
    ops.forget_position(things)
    assert sync(things).mode == "full"
    assert sync(things).mode == "incremental"


def test_a_position_forgotten_during_a_run_stays_forgotten(copied: Source, things: Stream) -> None:
    copied.put("e")
    copied.trouble = {1: lambda: ops.forget_position(things)}
    assert sync(things).mode == "incremental"
    copied.trouble = {}
    assert sync(things).mode == "full"


@pytest.fixture
def failed(source: Source, things: Stream) -> SyncRun:
    """A run that read the first two of five."""
    source.put(*"abcde")
    source.remark = "Odd."
    source.trouble = {2: refuse}
    run = sync(things)
    assert (run.state, run.items, run.checkpoint["after"]) == ("failed", 2, "b")
    source.trouble, source.remark = {}, ""
    source.asked.clear()
    return run


def test_a_retry_goes_on_where_the_run_failed(failed: SyncRun, source: Source, things: Stream) -> None:
    run = retry(failed)
    assert source.asked == [failed.checkpoint]
    assert (run.items, run.created, run.carried, run.reading, run.retry_of) == (3, 3, 2, failed.pk, failed)
    assert Record.objects.count() == 5
    stream = renewed(things)
    assert stream.last_full_at == failed.started_at
    assert stream.watermark == run.newest_change_at


def test_the_retry_of_a_retry_still_belongs_to_the_first(failed: SyncRun, source: Source, things: Stream) -> None:
    source.trouble = {2: refuse}
    second = retry(failed)
    source.trouble = {}
    third = retry(second)
    assert (third.state, third.carried, third.reading) == ("warned", 4, failed.pk)
    assert third.warnings == ["Odd."]
    assert renewed(things).last_full_at == failed.started_at


def test_what_could_not_be_used_before_the_failure_is_not_forgotten(source: Source, things: Stream) -> None:
    source.put(*"abcd")
    source.bad, source.trouble = {"a"}, {2: refuse}
    failed = sync(things)
    source.trouble = {}
    run = retry(failed)
    assert (run.state, run.rejected) == ("partial", 0)


def test_sync_now_starts_over(failed: SyncRun, source: Source, things: Stream) -> None:
    assert sync(things).items == 5
    assert source.asked == [{}]


def test_a_position_is_worth_nothing_once_the_stream_was_read_again(
    failed: SyncRun, source: Source, things: Stream
) -> None:
    sync(things)
    run = retry(failed)
    assert (run.items, run.carried, run.reading, source.asked) == (5, 0, run.pk, [{}, {}])


def test_a_position_is_worth_nothing_once_it_was_forgotten(failed: SyncRun, source: Source, things: Stream) -> None:
    ops.forget_position(things)
    assert retry(failed).items == 5
    assert source.asked == [{}]


@pytest.mark.parametrize("code", plan.BEGINS_ANEW)
def test_a_list_that_did_not_fit_together_is_read_anew(failed: SyncRun, source: Source, code: Code) -> None:
    SyncRun.objects.update(failure_code=code)
    assert retry(failed).items == 5


def test_a_run_that_came_to_its_end_is_read_again_as_it_was(copied: Source, things: Stream) -> None:
    first = SyncRun.objects.get()
    run = sync(things)
    again = retry(run)
    assert (again.mode, again.carried) == ("incremental", 0)
    assert copied.asked[1] == copied.asked[2]
    assert retry(first).mode == "full"
    ops.forget_position(things)
    assert retry(run).mode == "full"


def test_an_incremental_run_goes_on_as_one(copied: Source, things: Stream) -> None:
    copied.trouble = {2: refuse}
    failed = sync(things)
    copied.trouble = {}
    run = retry(failed)
    assert (run.mode, run.state, run.items, run.carried) == ("incremental", "succeeded", 2, 2)
    assert copied.asked[-1] == failed.checkpoint
