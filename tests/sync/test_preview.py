"""A preview says what a sync would do, and does nothing of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations import ops
from integrations.models import Change, Incident, Property, Record, RecordError, Service, Stream, SyncRun
from integrations.sync import engine
from integrations.sync import preview as planning
from integrations.sync.columns import found
from integrations.systems.base import BadItem, Gone, Item
from tests.sync.planning import planned, preview, rows
from tests.sync.source import Source, die, refuse, retry, sync
from tests.worker import work_off

pytestmark = pytest.mark.usefixtures("page_by_page")

COUNTERS = ("items", "created", "updated", "unchanged", "deleted", "rejected", "skipped")


def stream_as_it_is(stream: Stream) -> dict[str, Any]:
    return dict(Stream.objects.filter(pk=stream.pk).values().get())


def test_it_counts_and_lists_what_would_be(moved: Source, things: Stream) -> None:
    run = preview(things)
    assert (run.state, run.mode) == ("succeeded", "preview")
    assert [getattr(run, name) for name in COUNTERS] == [7, 1, 1, 4, 1, 1, 0]
    assert planned(run) == {("created", "g"), ("updated", "b"), ("deleted", "c"), ("rejected", "h")}


def test_it_leaves_every_row_the_position_and_the_inbox_alone(moved: Source, things: Stream) -> None:
    before, stream = rows(), stream_as_it_is(things)
    Incident.objects.create(service=things.service, kind=Incident.Kind.SYNC, code="x", message="Before.")
    run = preview(things)
    assert run.read_at
    assert rows() == before
    assert stream_as_it_is(things) == stream
    assert not RecordError.objects.exists()
    assert Incident.objects.get().state == "open"
    assert not run.changes.exclude(object_id=None).exists(), "no row's history tells of what has not happened"


def test_each_change_says_the_fields_from_and_to(moved: Source, things: Stream) -> None:
    found = {change.external_id: change for change in preview(things).changes.all()}
    assert found["b"].diff["title"] == ["A title", "Another title"]
    assert found["g"].diff["title"] == ["", "A title"]
    assert found["c"].diff == {}
    assert found["h"].diff == {"title": ["", "It is odd."]}
    assert str(found["g"]) == "Would be created g"


def test_a_row_that_would_come_back_is_planned_as_such(moved: Source, things: Stream) -> None:
    item = moved.items["d"]
    moved.remove("d")
    sync(things, full=True)
    moved.items["d"] = item
    run = preview(things)
    assert ("restored", "d") in planned(run)
    assert (run.updated, run.deleted) == (1, 0)


def test_the_guard_holds_no_preview_but_says_what_applying_would_approve(moved: Source, things: Stream) -> None:
    Stream.objects.update(guard_percent=10)
    run = preview(things)
    assert (run.state, run.deleted, run.withheld) == ("warned", 1, 0)
    found = "1 of 6 rows did not come any more. That is more than 10 % or 50 rows."
    assert run.warnings == [f"{found} Who applies this plan approves that."]


def test_where_items_came_without_an_id_nothing_is_planned_to_be_gone(moved: Source, things: Stream) -> None:
    moved.nameless = 1
    Stream.objects.update(error_budget_percent=100)
    run = preview(things)
    assert (run.deleted, run.withheld, run.state) == (0, 1, "warned")
    assert "without an id" in run.warnings[0]


def test_it_goes_on_over_slices_and_deaths_and_plans_each_item_once(
    moved: Source, things: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = preview(things)
    monkeypatch.setattr(engine, "SLICE_S", 0.0)

    def once() -> None:
        del moved.trouble[1]
        die()

    moved.trouble = {1: once}
    run = preview(things)
    assert (planned(run), run.lost) == (planned(whole), 1)
    assert [getattr(run, name) for name in COUNTERS] == [getattr(whole, name) for name in COUNTERS]


def test_an_item_that_comes_on_two_pages_is_planned_as_it_came_last(moved: Source, things: Stream) -> None:
    run = SyncRun.objects.create(stream=things, trigger="staff", mode="preview")
    first, last = (Item("x", {"title": title, "data": {"id": "x"}}) for title in ("First", "Last"))
    assert planning.note(run, Record, [first])[0].created == 1
    counts, _ = planning.note(run, Record, [last, BadItem("x", "title", "It is odd.")])
    assert (counts.items, counts.created, counts.unchanged, counts.rejected) == (2, 0, 1, 1)
    change = run.changes.get()
    assert (change.kind, change.diff["title"]) == ("created", ["", "Last"])


@pytest.mark.parametrize(("page", "kinds"), [("iG", {"deleted"}), ("Gi", {"updated"}), ("G", {"deleted"})])
def test_of_an_item_and_its_end_on_one_page_the_last_counts(
    moved: Source, things: Stream, page: str, kinds: set[str]
) -> None:
    run = SyncRun.objects.create(stream=things, trigger="staff", mode="preview")
    item = Item("a", {"title": "Another", "data": {"id": "a"}})
    _, deleted = planning.note(run, Record, [Gone("a") if each == "G" else item for each in page])
    assert {kind for kind, _key in planned(run)} == kinds
    assert deleted == (kinds == {"deleted"})


def test_what_staff_skip_for_ever_is_counted_apart(moved: Source, things: Stream) -> None:
    sync(things)
    RecordError.objects.update(state=RecordError.State.SKIPPED)
    run = preview(things)
    assert (run.rejected, run.skipped) == (0, 1)


def test_one_that_failed_starts_over(moved: Source, things: Stream) -> None:
    moved.trouble = {2: refuse}
    run = ops.preview(things, SyncRun.Trigger.STAFF)
    work_off()
    run.refresh_from_db()
    moved.trouble = {}
    again = retry(run)
    assert (again.mode, again.checkpoint["end"], again.carried, again.items) == ("preview", True, 0, 7)


def test_a_sync_that_failed_goes_on_after_a_preview(moved: Source, things: Stream) -> None:
    moved.trouble = {2: refuse}
    run = ops.sync(things, SyncRun.Trigger.STAFF, full=True)
    work_off()
    moved.trouble = {}
    preview(things)
    assert retry(run).carried == 2


def test_it_waits_for_the_run_under_way_like_any_other(things: Stream) -> None:
    ops.preview(things, SyncRun.Trigger.STAFF)
    with pytest.raises(ops.Impossible, match="already being synced"):
        ops.sync(things, SyncRun.Trigger.STAFF)


def test_an_item_is_stored_and_read_without_any_loss(cms: Service) -> None:
    moment = timezone.now().replace(microsecond=123456) + timedelta(days=1)
    data = {"float": 1e16, "small": 1e-7, "big": 2**70, "one": 1.0, "text": "é\u2028", "nested": [None, True, {"": []}]}
    fields = {"parcel_id": "1", "latitude": "52.500000", "data": data, "source_modified_at": moment, "longitude": None}
    change = Change(external_id="1", fields=planning.as_text(Item("1", fields)))
    back = planning.from_text(Property, change)
    assert back.fields == fields
    assert found(Property, back).content_hash == found(Property, Item("1", fields)).content_hash
