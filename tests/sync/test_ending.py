"""The end of a reading: what is odd, what is asked, and the state that says so."""

from __future__ import annotations

import pytest
from django.utils import timezone

from integrations.models import Record, Service, Stream, SyncRun
from integrations.sync import gone
from integrations.sync.ending import HELD_FOR
from tests.sync.remote import Remote
from tests.sync.source import Source, refuse, retry, sync

KEYS = [f"{number:03}" for number in range(100)]


def alive() -> set[str]:
    return set(Record.objects.filter(deleted_at=None).values_list("external_id", flat=True))


def full(stream: Stream) -> SyncRun:
    return sync(stream, full=True)


def renewed(run: SyncRun) -> SyncRun:
    return SyncRun.objects.get(pk=run.pk)


@pytest.fixture
def copied(source: Source, things: Stream) -> Source:
    """The letters a to f, copied."""
    source.put(*"abcdef")
    assert full(things).state == "succeeded"
    return source


def test_fewer_items_than_the_source_says_there_are_is_a_warning_that_tells_both(
    copied: Source, things: Stream
) -> None:
    copied.total = 9
    run = full(things)
    assert (run.state, run.total) == ("warned", 9)
    assert " ".join(run.warnings) == (
        "The source says there are 9 items, but only 6 came. "
        "Look whether the service may see all of them, then sync again."
    )


def test_where_the_total_was_not_reached_nothing_is_marked_however_often_it_is_read(
    copied: Source, things: Stream
) -> None:
    copied.total = 6
    copied.remove("c")
    runs = [full(things) for _ in range(3)]
    assert {run.state for run in runs} == {"warned"}
    assert sum(run.deleted for run in runs) == 0
    assert runs[-1].withheld == 1
    assert "Not everything came" in runs[-1].warnings[-1]
    assert alive() == set("abcdef")


def test_what_an_earlier_run_of_the_reading_read_counts_towards_the_total(source: Source, things: Stream) -> None:
    source.put(*"abcdef")
    source.total, source.trouble = 6, {2: refuse}
    failed = full(things)
    source.trouble = {}
    assert (failed.state, retry(failed).state) == ("failed", "succeeded")


def test_nothing_where_there_never_was_anything_is_good(source: Source, things: Stream) -> None:
    assert (full(things).state, full(things).state) == ("succeeded", "succeeded")


def test_nothing_among_what_changed_is_good(copied: Source, things: Stream) -> None:
    copied.remove(*"abcdef")
    run = sync(things)
    assert (run.mode, run.items, run.state) == ("incremental", 0, "succeeded")


def test_nothing_where_there_was_something_is_odd_even_if_no_row_is_left(copied: Source, things: Stream) -> None:
    Record.objects.update(deleted_at=timezone.now())
    copied.remove(*"abcdef")
    run = full(things)
    assert (run.state, run.withheld) == ("warned", 0)
    assert run.warnings[0].startswith("Nothing came, though earlier runs read something.")


@pytest.mark.parametrize(
    ("items", "total", "state"), [("ab", None, "warned"), ("ab", 2, "succeeded"), ("a", None, "succeeded")]
)
def test_exactly_one_full_page_and_no_total_is_odd(
    source: Source, things: Stream, items: str, total: int | None, state: str
) -> None:
    Service.objects.update(options={"page_size": 2})
    source.put(*items)
    source.total = total
    run = full(things)
    assert (run.state, run.pages) == (state, 1)
    assert [warning[:30] for warning in run.warnings] == ["Exactly one full page of 2 item"[:30]] * (state == "warned")


def test_a_full_page_after_which_the_source_was_asked_for_more_is_not_odd(remote: Remote, articles: Stream) -> None:
    remote.articles, remote.tells_total = remote.articles[:20], False
    run = sync(articles)
    assert (remote.asked, run.items, run.warnings, run.state) == ([0, 19, 20], 20, [], "succeeded")


@pytest.mark.parametrize(
    ("percent", "rows", "missing", "asks"),
    [
        (10, 50, 10, False),
        (10, 50, 11, True),
        (100, 50, 50, False),
        (100, 50, 51, True),
        (0, 50, 1, True),
        (10, 5, 6, True),
    ],
)
def test_more_than_the_stream_allows_is_left_standing_whole_until_somebody_decides(
    source: Source, things: Stream, percent: int, rows: int, missing: int, asks: bool
) -> None:
    source.put(*KEYS)
    full(things)
    Stream.objects.update(guard_percent=percent, guard_rows=rows)
    source.remove(*KEYS[:missing])
    run = full(things)
    assert (run.state, run.withheld, run.deleted) == (("held", missing, 0) if asks else ("succeeded", 0, missing))
    assert len(alive()) == 100 - run.deleted
    assert run.failure_message == (
        f"{missing} of 100 rows did not come any more. That is more than {percent} % or {rows} rows. None is marked as "
        "gone until somebody approves it. Look at the list and at the source first."
        if asks
        else ""
    )


def test_an_empty_list_where_there_were_rows_asks_at_once(copied: Source, things: Stream) -> None:
    copied.remove(*"abcdef")
    run = full(things)
    assert (run.state, run.deleted, run.withheld) == ("held", 0, 6)
    assert run.failure_message.startswith("Nothing came, though 6 rows were copied before. None is marked as gone")
    assert alive() == set("abcdef")


@pytest.fixture
def held(copied: Source, things: Stream) -> SyncRun:
    """Asks about a, b and c."""
    Stream.objects.update(guard_percent=10)
    copied.remove(*"abc")
    run = full(things)
    assert run.state == "held"
    return run


def test_a_held_run_has_been_read_and_stands_in_nobodys_way(held: SyncRun, copied: Source, things: Stream) -> None:
    assert held.read_at
    assert held.finished_at
    assert held.lease_until is None
    assert held.due_at - held.finished_at == HELD_FOR
    assert set(gone.missing(held, Record).values_list("external_id", flat=True)) == set("abc")
    assert Stream.objects.get().last_success_at == held.read_at
    copied.put("g")
    assert sync(things).created == 1
    assert renewed(held).state == "held", "what changed alone tells nothing about what is missing"


def test_a_later_reading_of_everything_withdraws_what_was_asked_and_asks_anew(held: SyncRun, things: Stream) -> None:
    run = full(things)
    earlier = renewed(held)
    assert (run.state, run.withheld) == ("held", 3)
    assert (earlier.state, earlier.failure_message) == ("warned", "")
    assert earlier.events.last().note == f"{run} has read everything since and judges anew."  # type: ignore[union-attr]


def test_a_later_reading_that_finds_the_rows_again_asks_nothing(held: SyncRun, copied: Source, things: Stream) -> None:
    copied.put(*"abc")
    assert full(things).state == "succeeded"
    assert renewed(held).state == "warned"


def test_a_later_reading_that_fails_withdraws_nothing(held: SyncRun, copied: Source, things: Stream) -> None:
    copied.trouble = {2: refuse}
    assert full(things).state == "failed"
    assert renewed(held).state == "held"


def test_what_failed_open_makes_the_run_partial_before_any_warning(copied: Source, things: Stream) -> None:
    copied.bad, copied.remark = {"c"}, "Odd."
    run = full(things)
    assert (run.state, run.warnings, run.rejected) == ("partial", ["Odd."], 1)
