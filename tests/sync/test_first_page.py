"""A first page that does not fit stops the run before anything is written."""

from __future__ import annotations

import pytest
from django.utils import timezone

from integrations import ops
from integrations.models import Property, Record, RecordError, Service, Stream, SyncRun
from integrations.sync import first_page
from integrations.sync.failures import Unusable
from integrations.systems.base import BadItem, Item
from tests.sync import source as sources
from tests.sync.source import Source, retry, sync, work

KEYS = [f"{number:02}" for number in range(12)]


@pytest.fixture
def list_(source: Source, things: Stream, monkeypatch: pytest.MonkeyPatch) -> Source:
    """Twelve items on pages of six."""
    monkeypatch.setattr(sources, "SIZE", 6)
    source.put(*KEYS)
    return source


def test_where_every_item_is_bad_for_the_same_reason_nothing_is_written(list_: Source, things: Stream) -> None:
    list_.bad = set(KEYS[:6])
    run = sync(things)
    assert (run.state, run.failure_origin, run.failure_code) == ("failed", "mapping", "missing_key")
    assert run.failure_message == (
        "None of the 6 items of the first page can be used, each because of “title”: It is odd. Nothing was written. "
        "Correct the path of it in the service's options, then press “Retry”."
    )
    assert (run.items, run.pages, Record.objects.count(), RecordError.objects.count()) == (0, 0, 0, 0)


def test_what_no_column_can_hold_counts_too(list_: Source, things: Stream) -> None:
    list_.put(*KEYS[:6], title="x" * 300)
    assert sync(things).failure_code == "missing_key"


def test_one_good_item_is_enough(list_: Source, things: Stream) -> None:
    list_.bad = set(KEYS[:5])
    assert (sync(things).state, Record.objects.count()) == ("partial", 7)


def test_a_bad_second_page_is_for_the_inbox(list_: Source, things: Stream) -> None:
    list_.bad = set(KEYS[6:])
    assert (sync(things).state, RecordError.objects.count()) == ("partial", 6)


def test_a_field_that_comes_empty_though_rows_hold_it_stops_the_run(list_: Source, things: Stream) -> None:
    sync(things)
    list_.put(*KEYS, title="")
    run = sync(things)
    assert (run.state, run.failure_origin, run.failure_code) == ("failed", "mapping", "missing_field")
    assert "“title” is empty in all 6 items of the first page, though 6 of their rows here hold" in run.failure_message
    assert set(Record.objects.values_list("title", flat=True)) == {"A title"}
    list_.put(*KEYS, title="Mended")
    assert retry(run).updated == 12


def test_a_time_of_change_that_comes_no_more_stops_it_too(list_: Source, things: Stream) -> None:
    sync(things)
    for key, item in list_.items.items():
        list_.items[key] = Item(key, {**item.fields, "source_modified_at": None})
    run = sync(things, full=True)
    assert "“changed at the source” is empty" in run.failure_message


def test_a_field_that_few_rows_held_may_be_emptied(list_: Source, things: Stream) -> None:
    list_.put(*KEYS[4:6], title="")
    sync(things)
    list_.put(*KEYS[:6], title="")
    assert sync(things, full=True).state == "succeeded"


def test_what_a_source_emptied_indeed_is_taken_by_a_preview_and_its_plan(list_: Source, things: Stream) -> None:
    sync(things)
    list_.put(*KEYS, title="")
    plan = work(ops.preview(things, SyncRun.Trigger.STAFF))
    assert (plan.state, plan.updated) == ("succeeded", 12)
    work(ops.apply_plan(plan, SyncRun.Trigger.STAFF))
    assert set(Record.objects.values_list("title", flat=True)) == {""}
    assert sync(things, full=True).state == "succeeded"


def test_a_first_reading_may_hold_empty_fields(list_: Source, things: Stream) -> None:
    list_.put(*KEYS, title="")
    assert sync(things).state == "succeeded"


def test_what_the_console_found_out_itself_is_no_loss(cms: Service) -> None:
    stream, now = cms.streams.get(), timezone.now()
    run = SyncRun.objects.create(stream=stream, trigger="staff")
    found = {"geocoded_at": now, "latitude": "52", "longitude": "13", "synced_at": now}
    for key in KEYS:
        Property.objects.create(service=cms, stream=stream, external_id=key, address="Elm 1", **found)
    items = [Item(key, {"address": "Elm 1"}) for key in KEYS]
    first_page.check(run, Property, items)
    Property.objects.update(geocoded_at=None)
    with pytest.raises(Unusable, match="“latitude” is empty"):
        first_page.check(run, Property, items)


def test_fewer_items_than_five_tell_nothing(cms: Service) -> None:
    run = SyncRun.objects.create(stream=cms.streams.get(), trigger="staff")
    bad = [BadItem("", "id", "There is none.") for _ in range(first_page.LEAST)]
    first_page.check(run, Record, bad[1:])
    with pytest.raises(Unusable, match="None of the 5 items"):
        first_page.check(run, Record, bad)
