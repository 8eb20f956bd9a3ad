"""Runs of chosen items of the error inbox."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from integrations import ops
from integrations.models import Change, Record, RecordError, Stream, SyncRun
from integrations.systems.base import BadItem, Item
from tests.sync.source import Source, die, falter, retry, sync, work

pytestmark = pytest.mark.usefixtures("page_by_page")


@pytest.fixture
def things(things: Stream) -> Stream:
    """However many of its items fail, a run of it goes on."""
    Stream.objects.update(error_budget_percent=100)
    return things


def errors(*ids: str) -> Any:
    found = RecordError.objects.all()
    return found.filter(external_id__in=ids) if ids else found


def states() -> dict[str, str]:
    return dict(RecordError.objects.values_list("external_id", "state"))


def retry_only(*ids: str) -> SyncRun:
    outcome = ops.retry_errors(errors(*ids))
    assert not outcome.refusals
    return work(outcome.runs[0])


def copied() -> dict[str, str]:
    return dict(Record.objects.values_list("external_id", "title"))


def failing(source: Source, things: Stream, keys: Iterable[str]) -> SyncRun:
    """A run that could use none of these; beside them there is “a”, “k” and “z”, which it could use."""
    source.put("a", "k", "z", *keys)
    source.bad = set(keys)
    return sync(things)


def test_only_the_chosen_items_are_written_and_only_they_are_resolved(source: Source, things: Stream) -> None:
    failing(source, things, "bcd")
    source.bad = set()
    source.put("a", "k", "b", "c", title="New")
    run = retry_only("b", "c")
    assert copied() == {"a": "A title", "k": "A title", "z": "A title", "b": "New", "c": "New"}
    assert states() == {"b": "resolved", "c": "resolved", "d": "open"}
    assert (run.mode, run.state, run.total, run.items, run.created) == ("items", "succeeded", 2, 2, 2)
    assert set(Change.objects.filter(run=run).values_list("external_id", flat=True)) <= {"b", "c"}


def test_it_reads_from_the_beginning_and_ends_as_soon_as_all_have_come(source: Source, things: Stream) -> None:
    failing(source, things, "bc")
    source.bad = set()
    run = retry_only("b")
    assert source.asked[-1] == {}
    assert run.pages == 1
    assert states() == {"b": "resolved", "c": "open"}


def test_what_still_cannot_be_used_stays_open_with_what_came_now(source: Source, things: Stream) -> None:
    failing(source, things, "bc")
    source.bad = {"c"}
    run = retry_only()
    assert (run.state, run.created, run.rejected) == ("partial", 1, 1)
    assert states() == {"b": "resolved", "c": "open"}
    error = errors("c").get()
    assert (error.run, error.met) == (run, 2)


def test_nothing_is_marked_as_gone_and_the_position_stays(source: Source, things: Stream) -> None:
    failing(source, things, "bc")
    before = Stream.objects.values("watermark", "last_full_at", "last_success_at").get()
    source.remove("a", "k")
    source.bad = set()
    retry_only()
    assert not Record.objects.exclude(deleted_at=None).exists()
    assert Stream.objects.values("watermark", "last_full_at", "last_success_at").get() == before


def test_items_that_do_not_come_any_more_are_named_and_resolved(source: Source, things: Stream) -> None:
    failing(source, things, "bcd")
    source.remove("c", "d")
    source.bad = set()
    run = retry_only()
    assert run.state == "warned"
    assert run.warnings == [
        "2 of the 3 chosen items did not come any more: c, d. They are resolved: what is not at the source cannot fail."
    ]
    assert states() == {"b": "resolved", "c": "resolved", "d": "resolved"}
    assert errors("c").get().decision == f"It did not come any more with run {run.pk}."


def test_where_the_list_may_not_have_come_whole_they_stay_open(source: Source, things: Stream) -> None:
    failing(source, things, "bc")
    source.remove("c")
    source.bad, source.remark = set(), "The list moved while it was read."
    run = retry_only()
    assert "They stay open" in run.warnings[-1]
    assert states() == {"b": "resolved", "c": "open"}


def test_an_item_that_failed_again_after_all_is_open_again_and_nobody_has_decided(
    source: Source, things: Stream
) -> None:
    failing(source, things, "b")
    source.remove("b")
    retry_only()
    source.put("b")
    sync(things, full=True)
    error = errors("b").get()
    assert (error.state, error.decision, error.decided_at) == ("open", "", None)


def test_many_may_be_wrong_among_the_chosen(source: Source, things: Stream) -> None:
    failing(source, things, [f"b{number:03}" for number in range(120)])
    Stream.objects.update(error_budget_percent=5)
    assert (retry_only().state, errors().filter(state="open").count()) == ("partial", 120)


@pytest.mark.parametrize("trouble", [falter, die])
def test_it_goes_on_after_trouble_and_counts_each_item_once(source: Source, things: Stream, trouble: Any) -> None:
    failing(source, things, "bcdef")
    source.bad = {"c"}

    def once() -> None:
        source.trouble = {}
        trouble()

    source.trouble = {3: once}
    run = retry_only()
    assert run.pages == 3
    assert (run.items, run.created, run.rejected, run.warnings) == (5, 4, 1, [])
    assert set(copied()) == set("abdefkz")
    assert {key for key, state in states().items() if state == "open"} == {"c"}


def test_a_retry_of_such_a_run_reads_for_what_is_still_open(source: Source, things: Stream) -> None:
    failing(source, things, "bc")
    source.bad = {"c"}
    run = retry_only()
    source.bad = set()
    again = retry(run)
    assert (again.mode, again.total, again.created, again.retry_of) == ("items", 1, 1, run)
    with pytest.raises(ops.Impossible, match="None of the chosen items is open any more"):
        retry(again)


def test_what_is_skipped_meanwhile_is_not_waited_for(source: Source, things: Stream) -> None:
    failing(source, things, "bcz")
    outcome = ops.retry_errors(errors())
    ops.skip_errors(errors("c"), "Not ours.")
    source.bad = set()
    source.remove("c")
    run = work(outcome.runs[0])
    assert (run.state, run.warnings) == ("succeeded", [])
    assert states() == {"b": "resolved", "c": "skipped", "z": "resolved"}


def nameless(title: str, key: str = "") -> Item | BadItem:
    raw = {"title": title}
    if key:
        return Item(key, {"title": title, "data": raw, "source_modified_at": None}, raw)
    return BadItem("", "id", "There is none.", raw)


@pytest.fixture
def shown(source: Source, monkeypatch: pytest.MonkeyPatch) -> dict[str, Item | BadItem]:
    """What the source sends in place of its items, by their ids there."""
    items: dict[str, Item | BadItem] = {}
    monkeypatch.setattr(source, "_shown", lambda key: items[key])
    source.put("1", "2", "3")
    return items


def test_items_without_an_id_are_known_by_what_came(
    source: Source, things: Stream, shown: dict[str, Item | BadItem]
) -> None:
    shown |= {"1": nameless("One"), "2": nameless("Two"), "3": nameless("Three")}
    sync(things)
    chosen = RecordError.objects.filter(raw__title="Two")
    shown |= {"1": nameless("One", "one"), "2": nameless("Two", "two")}
    run = work(ops.retry_errors(chosen).runs[0])
    assert copied() == {"two": "Two"}
    assert (run.state, run.items, run.pages) == ("succeeded", 1, 1)
    assert chosen.get().state == "resolved"
    assert RecordError.objects.filter(state="open").count() == 2


def test_an_item_that_has_an_id_now_and_still_cannot_be_used_is_one_open_error(
    source: Source, things: Stream, shown: dict[str, Item | BadItem]
) -> None:
    shown |= {"1": nameless("One"), "2": nameless("Two", "two"), "3": nameless("Three", "three")}
    sync(things)
    shown["1"] = BadItem("one", "title", "It is odd.", {"title": "One"})
    run = retry_only()
    assert (run.state, run.items) == ("partial", 1)
    assert states() == {"": "resolved", "one": "open"}


@pytest.mark.parametrize(
    ("remark", "full", "state"), [("", True, "resolved"), ("", False, "open"), ("The list moved.", True, "open")]
)
def test_any_whole_reading_closes_what_it_did_not_meet(
    source: Source, things: Stream, remark: str, full: bool, state: str
) -> None:
    failing(source, things, "bc")
    source.remove("c")
    source.remark = remark
    sync(things, full=full)
    assert states() == {"b": "open", "c": state}
