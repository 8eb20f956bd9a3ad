"""Any REST list: what becomes of an item, and what is set aside with the option to correct."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.systems.base import BadItem, Gone, Item
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from tests.systems import rest_api as api
from tests.transport.server import ScriptedServer

One = Callable[..., Any]


@pytest.fixture
def one(db: None, remote: ScriptedServer) -> One:
    """What a stream makes of this item, with these options."""

    def run(raw: Any, stream: str = "records", **options: Any) -> Item | BadItem | Gone:
        api.said(remote, [raw])
        chosen = {"pagination": "none", "items_path": "@", "title_path": "title", **options}
        (item,) = api.items(api.read(api.plain(remote.url, **chosen), stream))
        return item

    return run


@pytest.mark.parametrize("raw", [{}, {"id": None}, {"id": ""}, "a string", 7, None, [], {"id": {}}, {"id": [1]}])
@pytest.mark.parametrize("stream", ["records", "essays", "properties"])
def test_an_item_without_an_id_is_set_aside_with_the_option(one: One, raw: Any, stream: str) -> None:
    bad = one(raw, stream, address_path="address")
    assert isinstance(bad, BadItem)
    assert (bad.external_id, bad.field, bad.raw) == ("", "id", raw)
    assert "Correct “Id” in the options of the service." in bad.reason


@pytest.mark.parametrize(("number", "text"), [(0, "0"), (2**63, str(2**63)), (1.5, "1.5")])
def test_ids_are_taken_as_text(one: One, number: Any, text: str) -> None:
    assert one({"id": number}).external_id == text


def test_a_list_of_texts_is_read_too(one: One) -> None:
    item = one("Ulm", id_path="@", title_path="@")
    assert (item.external_id, item.fields["title"], item.fields["data"]) == ("Ulm", "Ulm", "Ulm")


def test_data_is_all_of_an_item_or_what_the_option_takes(one: One) -> None:
    raw = {"id": 1, "attributes": {"a": [1, {"b": None}]}}
    assert one(raw).fields["data"] == raw


def test_data_may_be_a_part_of_an_item(one: One) -> None:
    raw = {"id": 1, "attributes": {"a": [1, {"b": None}]}}
    assert one(raw, data_path="attributes").fields["data"] == raw["attributes"]


@pytest.mark.parametrize(
    ("raw", "options", "field", "reason"),
    [
        ({"title": {"text": "x"}}, {}, "title", "What is at “title” is an object and not a text: name a value in it."),
        ({"title": ["x"]}, {}, "title", "What is at “title” is a list and not a text: name a value in it."),
        ({}, {"data_path": "attributes"}, "attributes", "There is no value at “attributes”."),
        (
            {"at": "yesterday"},
            {"modified_path": "at"},
            "at",
            "What is at “at” is no moment in ISO 8601 and no seconds since 1970.",
        ),
    ],
)
def test_a_value_that_does_not_fit_names_its_option(
    one: One, raw: Any, options: dict[str, str], field: str, reason: str
) -> None:
    bad = one({"id": 5, **raw}, **options)
    label = {"title": "Title", "attributes": "Data", "at": "Modified"}[field]
    assert bad == BadItem("5", field, f"{reason} Correct “{label}” in the options of the service.", {"id": 5, **raw})


@pytest.mark.parametrize("raw", [{}, {"title": ""}, {"title": None}])
def test_an_essay_needs_a_title(one: One, raw: Any) -> None:
    bad = one({"id": 5, **raw}, "essays")
    assert isinstance(bad, BadItem)
    assert bad.reason == "There is no value at “title”. Correct “Title” in the options of the service."


@pytest.mark.parametrize("value", [91, "north", True, [], {"type": "Point"}, float("nan"), -90.1])
def test_what_is_off_the_globe_is_set_aside(one: One, value: Any) -> None:
    bad = one({"id": 5, "lat": value}, "properties", address_path="address", latitude_path="lat")
    assert isinstance(bad, BadItem)
    assert bad.reason == (
        "What is at “lat” is no latitude in degrees. Correct “Latitude” in the options of the service."
    )


@pytest.mark.parametrize("value", [48.4, "48.4", " 48.40 ", {"coordinates": [9.99, 48.4]}, {"latitude": "48.4"}])
def test_degrees_come_in_many_ways(one: One, value: Any) -> None:
    item = one({"id": 5, "lat": value}, "properties", address_path="address", latitude_path="lat")
    assert str(item.fields["latitude"]) == "48.400000"


@pytest.mark.parametrize("value", [None, ""])
def test_what_is_not_there_is_left_out(one: One, value: Any) -> None:
    item = one(
        {"id": 5, "lat": value, "at": value},
        "properties",
        address_path="address",
        latitude_path="lat",
        modified_path="at",
    )
    assert (item.fields["latitude"], item.fields["source_modified_at"], item.fields["address"]) == (None, None, "")


@pytest.mark.parametrize(
    "stamp",
    [
        "2026-02-05T06:00:00Z",
        "2026-02-05T07:00:00+01:00",
        "2026-02-05T06:00:00",
        1770271200,
        "1770271200",
        1770271200000,
    ],
)
def test_moments_come_in_many_ways(one: One, stamp: Any) -> None:
    found = one({"id": 5, "at": stamp}, modified_path="at").fields["source_modified_at"]
    assert found == datetime(2026, 2, 5, 6, tzinfo=UTC)


@pytest.mark.parametrize(("stream", "labels"), [("essays", "“Title”"), ("properties", "“Parcel” or “Address”")])
def test_a_stream_that_was_not_described_asks_for_nothing(
    db: None, remote: ScriptedServer, stream: str, labels: str
) -> None:
    with pytest.raises(CallError, match=f"Enter {labels} in the options of the service first") as failure:
        api.read(api.plain(remote.url), stream)
    assert failure.value.code is Code.NOT_SENDABLE
    assert remote.asked == []


@pytest.mark.parametrize("answer", [{}, [], None, {"items": {}}, {"items": "none"}, "text", 5])
def test_a_list_that_is_none_says_where_it_was_looked_for(db: None, remote: ScriptedServer, answer: Any) -> None:
    api.said(remote, answer)
    with pytest.raises(CallError, match="no list at “items”") as failure:
        api.read(api.plain(remote.url))
    assert failure.value.code is Code.BAD_ANSWER
