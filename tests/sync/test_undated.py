"""Items that do not say when they changed are taken, and where that hides later changes the run says so."""

from __future__ import annotations

from dataclasses import replace

from integrations import systems
from integrations.models import Record, Stream
from integrations.systems.base import Item
from tests.sync.source import Source, sync


def undated(source: Source, *keys: str) -> None:
    for key in keys:
        source.items[key] = Item(key, {"title": "Undated", "data": {"id": key}, "source_modified_at": None})


def test_they_are_taken_and_counted_over_all_pages(source: Source, things: Stream) -> None:
    source.put(*"abcd")
    undated(source, "e", "f", "g")
    run = sync(things)
    assert (run.created, run.undated, run.state) == (7, 3, "warned")
    taken = "3 of the items do not say when they changed. They were taken;"
    assert run.warnings == [f"{taken} what changes in them later is only seen when everything is read, every 24 hours."]


def test_that_does_not_make_anybody_doubt_what_is_gone(source: Source, things: Stream) -> None:
    source.put(*"abcd")
    undated(source, "e")
    sync(things)
    source.remove("a")
    assert sync(things, full=True).deleted == 1
    assert Record.objects.get(external_id="a").deleted_at


def test_a_run_that_reads_what_changed_says_nothing(source: Source, things: Stream) -> None:
    source.put("a")
    undated(source, "b")
    sync(things)
    assert sync(things).warnings == []


def test_where_every_run_reads_everything_nothing_is_hidden(source: Source, things: Stream) -> None:
    undated(source, "a", "b")
    assert sync(things).warnings == [], "without any time there is no position"
    source.put("c")
    Stream.objects.update(full_every_hours=0)
    assert sync(things).warnings == []


def test_a_source_that_sends_them_each_time_hides_nothing(source: Source, things: Stream) -> None:
    system = systems.get("cms")
    object.__setattr__(system, "streams", (replace(system.streams[0], undated="given"),))
    source.put("a")
    undated(source, "b")
    run = sync(things)
    assert (run.undated, run.warnings, run.state) == (1, [], "succeeded")
