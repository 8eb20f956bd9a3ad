"""The tax assessor's parcels: which rows are read, and what becomes of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from integrations import ops, systems, tasks
from integrations.models import Property, Service, Stream, SyncRun
from integrations.systems.base import BadItem, Item, Page
from integrations.systems.tax_assessor import sandbox, streams
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from tests.systems.contract import client_of, ids, service_of
from tests.transport.server import Reply, ScriptedServer

PIN = "14081010010000"
Read = Callable[..., list[Page]]


@pytest.fixture
def assessor(db: None, sandbox_url: str) -> Service:
    return service_of(systems.get("tax_assessor"), sandbox_url)


@pytest.fixture
def read(assessor: Service, remote: ScriptedServer) -> Read:
    """What the stream makes of these answers, with these options."""

    def run(*answers: Any, headers: tuple[tuple[str, str], ...] = (), **options: Any) -> list[Page]:
        remote.answers(*(Reply(body=json.dumps(answer).encode(), headers=headers) for answer in answers))
        assessor.base_url, assessor.options = remote.url, options
        with client_of(assessor) as client:
            return list(streams.parcels(client, {}))

    return run


def counted(count: Any, **more: Any) -> list[dict[str, Any]]:
    return [{"year": "2026", "row_count": count, **more}]


def row(number: int = 1, **columns: Any) -> dict[str, Any]:
    return {":id": f"row-{number}", "pin": str(int(PIN) + number), **columns}


def fields(page: Page) -> Any:
    (item,) = page.items
    assert isinstance(item, Item)
    return item.fields


def asked(remote: ScriptedServer) -> list[dict[str, str]]:
    return [dict(parse_qsl(urlsplit(each.target).query)) for each in remote.asked]


def test_each_parcel_is_read_once_though_it_has_a_row_for_each_year(assessor: Service) -> None:
    with client_of(assessor) as client:
        pages = list(streams.parcels(client, {}))
    found = [item for page in pages for item in page.items if isinstance(item, Item)]
    assert sorted(item.external_id for item in found) == sorted(map(sandbox.pin, range(sandbox.PARCELS)))
    assert {item.fields["data"]["year"] for item in found} == {"2026"}
    assert {page.total for page in pages} == {sandbox.PARCELS}


def test_a_sync_fills_the_table_of_properties(assessor: Service) -> None:
    run = ops.sync(Stream.objects.get(service=assessor), SyncRun.Trigger.COMMAND)
    tasks.run_sync(str(run.pk))
    run.refresh_from_db()
    assert (run.state, run.created, run.failure_message) == ("succeeded", sandbox.PARCELS, "")
    found = Property.objects.get(parcel_id=sandbox.pin(3))
    assert (found.address, found.city, found.postal_code) == ("103 E O'HARA CT", "CHICAGO", "60604")
    assert (found.latitude, found.longitude) == (Decimal("41.706000"), Decimal("-87.795000"))
    assert found.data["prop_address_state"] == "IL"
    nameless = Property.objects.get(parcel_id=sandbox.pin(25))
    assert (nameless.address, nameless.city, nameless.postal_code) == ("", "", "")


def test_the_latest_year_is_asked_first_and_every_page_in_the_order_of_its_rows(
    read: Read, remote: ScriptedServer
) -> None:
    read(counted("3"), [row(1), row(2)], [row(2), row(3)], page_size=2)
    latest, first, second = asked(remote)
    assert latest == {
        "$select": "year, count(*) as row_count",
        "$where": "year IS NOT NULL",
        "$group": "year",
        "$order": "year DESC",
        "$limit": "1",
    }
    assert first == {"$select": "*,:id", "$where": "year = '2026'", "$order": ":id", "$limit": "2", "$offset": "0"}
    assert second == {**first, "$offset": "1"}
    assert {urlsplit(each.target).path for each in remote.asked} == {"/resource/3723-97qp.json"}


def test_a_filter_is_kept_apart_from_what_is_added_to_it(read: Read, remote: ScriptedServer) -> None:
    read(counted("1"), [row()], parcels_where="a = '1' OR b = '2'")
    assert [each["$where"] for each in asked(remote)] == [
        "(a = '1' OR b = '2') AND year IS NOT NULL",
        "(a = '1' OR b = '2') AND year = '2026'",
    ]


def test_a_data_set_without_years_is_counted_and_read_whole(read: Read, remote: ScriptedServer) -> None:
    (page,) = read([{"row_count": "1"}], [row()], parcels_year_column="")
    assert page.total == 1
    count, first = asked(remote)
    assert count == {"$select": "count(*) as row_count", "$limit": "1"}
    assert "$where" not in first


def test_an_empty_data_set_has_no_pages(read: Read) -> None:
    assert read([], []) == []


def test_going_on_asks_for_the_same_year_though_another_one_has_begun(
    assessor: Service, read: Read, remote: ScriptedServer
) -> None:
    first, _ = read(counted("3"), [row(1), row(2)], [row(2), row(3)], page_size=2)
    remote.answers(Reply(body=json.dumps([row(2), row(3)]).encode()))
    with client_of(assessor) as client:
        (rest,) = streams.parcels(client, first.position)
    assert (ids([rest]), rest.total) == ([row(3)["pin"]], 3)
    assert len(remote.asked) == 1
    assert {each["$where"] for each in asked(remote)} == {"year = '2026'"}


def test_a_row_without_a_parcel_number_is_set_aside_by_its_row_id(read: Read) -> None:
    nothing, other = {":id": "row-7", "prop_address_full": "1 MAIN ST"}, {":id": "row-8", "pin": "UNKNOWN"}
    (page,) = read(counted("3"), [nothing, other, row()])
    first, second, _ = page.items
    assert isinstance(first, BadItem)
    assert isinstance(second, BadItem)
    assert (first.external_id, first.field, first.raw) == ("row-7", "pin", nothing)
    assert first.reason.startswith("“pin” is empty. Correct the options")
    assert (second.external_id, second.reason.partition(". ")[0]) == (
        "row-8",
        "“UNKNOWN” in the column “pin” is no parcel number",
    )


def test_numbers_are_padded_and_system_columns_left_out(read: Read) -> None:
    (page,) = read(counted("1"), [{**row(), "pin": "4-08-101-001-0000", ":@computed_region_x": "3", "zoning": "R1"}])
    assert ids([page]) == ["04081010010000"]
    assert fields(page)["data"] == {"pin": "4-08-101-001-0000", "zoning": "R1"}


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ({"latitude": "47.5982815480005", "longitude": "-122.33477954499972"}, ("47.598282", "-122.334780")),
        ({"type": "Point", "coordinates": [-87.65, 41.9]}, ("41.900000", "-87.650000")),
        ({"type": "Point", "coordinates": []}, None),
        ({"type": "Point", "coordinates": [200, 91]}, None),
        ({"type": "Point", "coordinates": [True, {}]}, None),
        ({}, None),
        ("Infinity", None),
        ("nowhere", None),
        (None, None),
    ],
)
def test_a_place_may_be_a_location_or_a_point(read: Read, place: Any, expected: tuple[str, str] | None) -> None:
    (page,) = read(counted("1"), [row(spot=place)], latitude_column="spot", longitude_column="spot")
    found = fields(page)
    wanted = tuple(map(Decimal, expected)) if expected else (None, None)
    assert (found["latitude"], found["longitude"]) == wanted


def test_what_is_no_text_is_left_out(read: Read) -> None:
    (page,) = read(counted("1"), [row(prop_address_full=["x"], prop_address_city_name=True, prop_address_zipcode_1=7)])
    assert [fields(page)[name] for name in ("address", "city", "postal_code")] == ["", "", "7"]


def test_a_column_that_is_no_longer_there_is_named(read: Read) -> None:
    known = (("X-SODA2-Fields", '["pin","prop_address_full",":id"]'),)
    with pytest.raises(CallError, match="no column “prop_address_city_name”") as failure:
        read(counted("1"), [row()], headers=known)
    assert failure.value.code is Code.HTTP_ERROR
    assert read(counted("1"), [row()], headers=known, city_column="", postal_code_column="")


@pytest.mark.parametrize("count", [None, "many", -1, "1.5", "9" * 20, True])
def test_a_count_that_is_none_is_refused(read: Read, count: Any) -> None:
    with pytest.raises(CallError, match="does not say how many parcels"):
        read(counted(count), [row()])


def test_a_list_that_is_shorter_than_counted_is_no_success(read: Read) -> None:
    with pytest.raises(CallError, match="there are 5 items, but 1 came") as failure:
        read(counted("5"), [row()], [row()], [])
    assert failure.value.code is Code.TRUNCATED
