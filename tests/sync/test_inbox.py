"""The error inbox: one row for each item that cannot be used."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from integrations.models import RecordError, Stream, SyncRun
from integrations.sync import inbox
from integrations.systems.base import BadItem
from tests.sync.source import Source, refuse, retry, sync

SKIPPED, OPEN, RESOLVED = RecordError.State.SKIPPED, RecordError.State.OPEN, RecordError.State.RESOLVED


@pytest.fixture
def copied(source: Source, things: Stream) -> Source:
    """The letters a to d, of which c cannot be used."""
    source.put(*"abcd")
    source.bad = {"c"}
    run = sync(things)
    assert (run.state, run.rejected) == ("partial", 1)
    return source


@pytest.fixture
def run(things: Stream) -> SyncRun:
    return SyncRun.objects.create(stream=things, trigger="staff")


def noted(run: SyncRun, *items: BadItem) -> int:
    with transaction.atomic():
        return inbox.note(run, items)


def bad(external_id: str = "", raw: Any = None, reason: str = "It is odd.") -> BadItem:
    return BadItem(external_id, "title", reason, raw)


def full(stream: Stream) -> SyncRun:
    return sync(stream, full=True)


def test_an_item_that_many_runs_meet_is_one_row_that_counts_and_names_the_last(copied: Source, things: Stream) -> None:
    first = RecordError.objects.get()
    runs = [full(things), full(things)]
    error = RecordError.objects.get()
    assert (error.pk, error.external_id, error.state, error.met) == (first.pk, "c", OPEN, 3)
    assert (error.run, error.created_at) == (runs[-1], first.created_at)
    assert error.met_at > first.met_at
    assert [run.state for run in runs] == ["partial", "partial"]


def test_what_came_last_and_why_it_could_not_be_used_is_what_is_kept(run: SyncRun) -> None:
    noted(run, bad("1", {"title": 1}, "A number."))
    noted(run, bad("1", {"title": None}, "There is none."))
    error = RecordError.objects.get()
    assert (error.raw, error.reason, error.met) == ({"title": None}, "There is none.", 2)


def test_an_item_that_can_be_used_again_is_resolved_and_the_run_succeeds(copied: Source, things: Stream) -> None:
    copied.bad = set()
    assert full(things).state == "succeeded"
    assert RecordError.objects.get().state == RESOLVED


def test_a_resolved_one_that_comes_again_is_open_again(copied: Source, things: Stream) -> None:
    copied.bad = set()
    full(things)
    copied.bad = {"c"}
    assert full(things).state == "partial"
    assert (RecordError.objects.get().state, RecordError.objects.get().met) == (OPEN, 2)


def test_a_skipped_one_stays_skipped_is_counted_apart_and_no_failure(copied: Source, things: Stream) -> None:
    RecordError.objects.update(state=SKIPPED, decided_by="operator", decision="It is a draft.")
    run = full(things)
    assert (run.state, run.rejected, run.skipped) == ("succeeded", 0, 1)
    assert run.items == run.unchanged + run.skipped
    error = RecordError.objects.get()
    assert (error.state, error.met, error.decided_by, error.decision) == (SKIPPED, 2, "operator", "It is a draft.")


def test_a_skipped_one_that_can_be_used_is_resolved(copied: Source, things: Stream) -> None:
    RecordError.objects.update(state=SKIPPED)
    copied.bad = set()
    assert full(things).created == 1
    assert RecordError.objects.get().state == RESOLVED


def test_what_is_skipped_costs_nothing_of_the_budget(
    source: Source, things: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.sync.source.SIZE", 50)
    Stream.objects.update(error_budget_percent=0)
    source.put(*(f"{number:03}" for number in range(100)))
    source.bad = {"050"}
    assert sync(things).state == "failed"
    RecordError.objects.update(state=SKIPPED)
    run = sync(things)
    assert (run.state, run.skipped) == ("succeeded", 1)


def test_without_an_id_an_item_is_known_by_what_came(run: SyncRun) -> None:
    noted(run, bad(raw={"a": 1, "b": 2}), bad(raw={"a": 2}))
    noted(run, bad(raw={"b": 2, "a": 1}))
    assert sorted(RecordError.objects.values_list("external_id", "met")) == [("", 1), ("", 2)]


def test_the_same_id_in_another_stream_is_another_item(run: SyncRun, github: Any) -> None:
    other = SyncRun.objects.create(stream=github.streams.all()[0], trigger="staff")
    noted(run, bad("1"))
    noted(other, bad("1"))
    with transaction.atomic():
        inbox.resolve(run, ["1"])
    assert dict(RecordError.objects.values_list("stream", "state")) == {run.stream_id: RESOLVED, other.stream_id: OPEN}


def test_an_item_twice_on_a_page_is_one_row(run: SyncRun) -> None:
    assert noted(run, bad("1"), bad("1", reason="The last.")) == 0
    assert RecordError.objects.get().reason == "The last."


def test_what_failed_before_a_retry_still_makes_it_partial(source: Source, things: Stream) -> None:
    source.put(*"abcd")
    source.bad, source.trouble = {"a"}, {2: refuse}
    failed = sync(things)
    source.trouble = {}
    run = retry(failed)
    assert (failed.state, run.state, run.rejected) == ("failed", "partial", 0)
