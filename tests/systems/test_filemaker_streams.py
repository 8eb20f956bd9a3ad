"""FileMaker: records of a layout as rows of the console."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from integrations import ops, tasks
from integrations.models import Property, Record, Service, SyncRun
from integrations.systems.base import BadItem, Item
from integrations.systems.filemaker import SYSTEM, streams
from integrations.systems.filemaker.sandbox_data import DATABASE
from tests.systems.contract import service_of

RAW = {"fieldData": {"Name": "Ada", "No": 7, "At": ""}, "portalData": {"Pets": []}, "recordId": "4", "modId": "2"}


@pytest.fixture
def filemaker(db: None, sandbox_url: str) -> Iterator[Service]:
    yield service_of(SYSTEM, sandbox_url)
    DATABASE.reset()


def synced(service: Service, stream: str) -> SyncRun:
    service.streams.update(enabled=True)
    run = ops.sync(service.streams.get(name=stream), SyncRun.Trigger.COMMAND)
    tasks.run_sync(str(run.pk))
    run.refresh_from_db()
    return run


def item(raw: Any = RAW, **options: str) -> Item | BadItem:
    given = SYSTEM.defaults | options
    return streams._item(raw, lambda record: streams._record(given, record))


def test_every_record_becomes_a_row_once(filemaker: Service) -> None:
    run = synced(filemaker, "records")
    assert (run.state, run.created, run.total, run.pages) == ("succeeded", 120, 120, 5)
    again = synced(filemaker, "records")
    assert (again.state, again.unchanged, again.updated) == ("succeeded", 120, 0)
    row = Record.objects.get(external_id="10")
    assert (row.title, row.source_modified_at) == ("A. Archer", datetime(2026, 1, 8, 6, tzinfo=UTC))
    assert row.data["fieldData"]["Parcel"] == "14-00010"
    assert row.data["portalData"] == {}


def test_a_change_at_the_source_is_one_change_here(filemaker: Service) -> None:
    synced(filemaker, "records")
    DATABASE.change(10, {"Owner": "F. Fisher"}, "0")
    run = synced(filemaker, "records")
    assert (run.updated, run.unchanged) == (1, 119)
    assert Record.objects.get(external_id="10").title == "F. Fisher"


def test_the_same_records_are_parcels_of_land(filemaker: Service) -> None:
    assert synced(filemaker, "properties").created == 120
    row = Property.objects.get(external_id="10")
    assert (row.parcel_id, row.address, row.city, row.postal_code) == ("14-00010", "11 Harbour Road", "Ulm", "")


def test_properties_want_a_field_to_be_known_by(filemaker: Service) -> None:
    Service.objects.update(options=filemaker.options | {"parcel_field": "", "address_field": ""})
    run = synced(filemaker, "properties")
    assert (run.state, run.failure_origin, run.pages) == ("failed", "source", 0)
    assert run.failure_message.startswith("Name the field of the parcel, or that of the address, in the options first.")


def test_an_empty_table_is_no_failure(filemaker: Service) -> None:
    for row in DATABASE.rows():
        DATABASE._rows.pop(row.number)
    assert (synced(filemaker, "records").state, Record.objects.count()) == ("succeeded", 0)


def test_a_sort_field_that_is_not_there_is_told(filemaker: Service) -> None:
    Service.objects.update(options=filemaker.options | {"sort_field": "Colour"})
    run = synced(filemaker, "records")
    assert (run.state, run.failure_origin) == ("failed", "source")
    assert "code 102: a field is not on the layout" in run.failure_message


def test_numbers_are_taken_as_text_and_long_texts_are_cut() -> None:
    assert item(title_field="No").fields["title"] == "7"  # type: ignore[union-attr]  # else the test fails
    long = {**RAW, "fieldData": {"Name": "x" * 300}}
    assert item(long, title_field="Name").fields["title"] == "x" * 255  # type: ignore[union-attr]  # as above


@pytest.mark.parametrize("stamp", ["", None, 0, "yesterday", "13/45/2026", "9999-99"])
def test_a_stamp_that_is_none_is_left_out(stamp: Any) -> None:
    found = item({**RAW, "fieldData": {"At": stamp}}, modified_field="At")
    assert isinstance(found, Item)
    assert found.fields["source_modified_at"] is None


def test_a_field_that_is_not_on_the_layout_is_named() -> None:
    found = item(title_field="Colour")
    assert isinstance(found, BadItem)
    assert (found.external_id, found.field, found.raw) == ("4", "Colour", RAW)
    assert found.reason.startswith("There is no field “Colour” on the layout. Put it there")


@pytest.mark.parametrize(
    "part", [{"recordId": ""}, {"recordId": None}, {"modId": "x"}, {"fieldData": []}, {"portalData": 5}]
)
def test_a_record_with_a_part_that_is_none_is_set_aside(part: Any) -> None:
    assert isinstance(item({**RAW, **part}), BadItem)


@pytest.mark.parametrize("raw", [None, 5, "text", [], {}])
def test_what_is_no_record_is_set_aside(raw: Any) -> None:
    found = item(raw)
    assert isinstance(found, BadItem)
    assert (found.external_id, found.raw) == ("", raw)
