"""Geocoding by the US Census: addresses one by one, and many at once."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from integrations.systems.geocoding.places import BatchAddress, BatchResult, Place
from integrations.transport.codes import Code
from tests.systems.geocoders import Speaking, asked, in_sandbox, refused, says, scripted
from tests.transport.server import Reply, ScriptedServer

__all__ = ["in_sandbox", "scripted"]  # fixtures

WHITE_HOUSE = "1600 PENNSYLVANIA AVE NW, WASHINGTON, DC, 20500"
MATCH = {
    "matchedAddress": WHITE_HOUSE,
    "coordinates": {"x": -77.03535, "y": 38.898754},
    "tigerLine": {"tigerLineId": "76225813", "side": "L"},
}
ROWS = [
    BatchAddress("a", "1600 Pennsylvania Ave NW", "Washington", "DC", "20500"),
    BatchAddress("b,\n“2”", "121 N LaSalle Street", "Chicago"),
    BatchAddress("c", "100 Main St", "Springfield"),
    BatchAddress("d", 'The "Old\nMill"', "Springfield"),
]


def found(*matches: Any) -> Reply:
    return says({"result": {"input": {}, "addressMatches": matches}})


def recordings(shared_data: Path) -> list[Any]:
    found: list[Any] = json.loads((shared_data / "recorded" / "census_recordings.json").read_text())
    return found


def test_an_address_is_found_between_the_ends_of_its_street(in_sandbox: Speaking) -> None:
    with in_sandbox(provider="census") as client:
        place = client.geocode("1600 Pennsylvania Ave NW, Washington DC")
    assert place == Place(Decimal("38.8976998"), Decimal("-77.0365532"), WHITE_HOUSE, "238241022")


def test_what_the_census_does_not_know_is_none_and_kept(in_sandbox: Speaking, remote: ScriptedServer) -> None:
    with in_sandbox(provider="census") as client:
        assert client.geocode("Brandenburger Tor") is None
        assert client.geocode("Brandenburger  Tor") is None


def test_the_first_of_several_that_fit_is_called_a_tie(in_sandbox: Speaking) -> None:
    with in_sandbox(provider="census") as client:
        place = client.geocode("100 Main Street, Springfield")
    assert place
    assert (place.precision, place.display_name) == ("Tie", "100 MAIN ST, SPRINGFIELD, IL, 62701")


def test_the_request_is_as_documented(scripted: Speaking, remote: ScriptedServer) -> None:
    with scripted(found(), provider="census") as client:
        client.geocode(" 1  Main Street ")
    path, query = asked(remote)
    assert path == "/locations/onelineaddress"
    assert query == {"address": ["1 Main Street"], "benchmark": ["Public_AR_Current"], "format": ["json"]}


def test_an_address_that_is_too_long_is_told_by_the_census(in_sandbox: Speaking) -> None:
    with in_sandbox(provider="census") as client:
        failure = refused(partial(client.geocode, "1 " + "Long " * 20 + "Street"))
    assert str(failure) == "It answered 400: Address cannot be empty and cannot exceed 100 characters."


@pytest.mark.parametrize(
    "answer",
    [
        [],
        None,
        {},
        {"result": None},
        {"result": {"addressMatches": {}}},
        {"result": {"addressMatches": None}},
        {"result": {"addressMatches": [None]}},
        {"result": {"addressMatches": ["text"]}},
        {"result": {"addressMatches": [{**MATCH, "matchedAddress": 5}]}},
        {"result": {"addressMatches": [{**MATCH, "coordinates": None}]}},
        {"result": {"addressMatches": [{**MATCH, "coordinates": {"x": 38.9, "y": -97.0}}]}},
        {"result": {"addressMatches": [{**MATCH, "coordinates": {"x": "west", "y": 1}}]}},
        {"result": {"geographies": {"Counties": [{"status": "Layer query encountered an error: RuntimeException"}]}}},
    ],
)
def test_an_answer_that_is_no_match_is_said_to_be_bad(scripted: Speaking, answer: Any) -> None:
    with scripted(says(answer), provider="census") as client:
        assert refused(partial(client.geocode, "1 Road")).code is Code.BAD_ANSWER


def test_errors_with_200_are_told_and_not_kept(scripted: Speaking, remote: ScriptedServer) -> None:
    with scripted(says({"errors": ["Locator is down"]}), provider="census") as client:
        assert str(refused(partial(client.geocode, "1 Road"))) == "The Census says: Locator is down."
        remote.answers(found(MATCH))
        assert client.geocode("1 Road")


def test_no_points_go_to_the_census(scripted: Speaking, remote: ScriptedServer) -> None:
    with scripted(provider="census") as client:
        assert refused(partial(client.reverse, Decimal(1), Decimal(2))).code is Code.NOT_SENDABLE
    assert remote.asked == []


def test_every_recorded_answer_is_read_even_where_its_layers_failed(scripted: Speaking, shared_data: Path) -> None:
    exchanges = [each for each in recordings(shared_data) if each["method"] == "GET" and "address?" in each["url"]]
    assert len(exchanges) == 4
    for exchange in exchanges:
        with scripted(Reply(body=exchange["body"].encode()), provider="census") as client:
            place = client.geocode(exchange["url"])
        assert place
        assert place.display_name.upper().startswith("1600 PENNSYLVANIA AVE NW, WASHINGTON, DC, 20")
        assert str(place.latitude).startswith("38.8987")
        assert str(place.longitude).startswith("-77.03")


def test_a_recorded_batch_comes_back_by_our_own_ids(
    scripted: Speaking, remote: ScriptedServer, shared_data: Path
) -> None:
    rows = [BatchAddress("x", "4600 Silver Hill Rd"), BatchAddress("y", "79 W"), BatchAddress("z", "3 G")]
    batches = [each for each in recordings(shared_data) if each["method"] == "POST"]
    assert len(batches) == 2
    for batch in batches:
        with scripted(Reply(body=batch["body"].encode(), content_type="text/plain"), provider="census") as client:
            results = client.geocode_batch(rows)
        place = Place(
            Decimal("40.738323"), Decimal("-73.98658"), "3 GRAMERCY PARK W, NEW YORK, NY, 10003", "59653655", "Exact"
        )
        assert results == [
            BatchResult("x", "No_Match"),
            BatchResult("y", "No_Match"),
            BatchResult("z", "Match", place),
        ]


def test_a_batch_gives_a_verdict_on_each_address_in_our_order(in_sandbox: Speaking) -> None:
    with in_sandbox(provider="census") as client:
        results = client.geocode_batch(ROWS)
    assert [(result.id, result.verdict) for result in results] == [
        ("a", "Match"),
        ("b,\n“2”", "Match"),
        ("c", "Tie"),
        ("d", "No_Match"),
    ]
    precisions = [result.place.precision if result.place else None for result in results]
    assert precisions == ["Exact", "Non_Exact", None, None]


def test_a_batch_is_a_file_of_numbered_lines(scripted: Speaking, remote: ScriptedServer) -> None:
    with scripted(Reply(body=b'"1","","No_Match"'), provider="census", benchmark="2020") as client:
        client.geocode_batch(ROWS)
    body = remote.asked[0].body.decode()
    assert (remote.asked[0].method, remote.asked[0].target) == ("POST", "/locations/addressbatch")
    assert 'name="benchmark"\r\n\r\n2020\r\n' in body
    assert 'name="addressFile"; filename="addresses.csv"' in body
    assert '\n3,100 Main St,Springfield,,\n4,"The ""Old Mill""",Springfield,,\n' in body


def test_what_the_answer_leaves_out_is_said_to_have_none(scripted: Speaking) -> None:
    with scripted(Reply(body=b'"4","x","Tie"\n\n'), provider="census") as client:
        assert [result.verdict for result in client.geocode_batch(ROWS)] == ["No_Answer"] * 3 + ["Tie"]


def test_ten_thousand_addresses_go_at_once_and_not_one_more(scripted: Speaking, remote: ScriptedServer) -> None:
    rows = [BatchAddress(str(number), f"{number} Main Street") for number in range(10_001)]
    body = "\n".join(f'"{number}","","No_Match"' for number in range(10_000, 0, -1)).encode()
    with scripted(Reply(body=body), provider="census") as client:
        assert refused(partial(client.geocode_batch, rows)).code is Code.NOT_SENDABLE
        assert remote.asked == []
        assert [result.id for result in client.geocode_batch(rows[1:])] == [row.id for row in rows[1:]]


def test_an_empty_batch_is_not_sent(scripted: Speaking, remote: ScriptedServer) -> None:
    with scripted(provider="census") as client:
        assert client.geocode_batch([]) == []
    assert remote.asked == []


@pytest.mark.parametrize(
    "body",
    [
        "",
        "\n\n",
        "<html>Welcome</html>",
        '"5","x","No_Match"',
        '"1","x","Tie"\n"1","x","Tie"',
        '"1"',
        '"1","x"',
        '"1","x","Perhaps"',
        '"1","x","Match"',
        '"1","x","Match","Exact","1 ROAD"',
        '"1","x","Match","Exact","1 ROAD","","7","L"',
        '"1","x","Match","Exact","1 ROAD","-73.9","7","L"',
        '"1","x","Match","Exact","1 ROAD","40.7,-97.9","7","L"',
        f'"1","{"x" * 200_000}","Tie"',
        "\x00",
    ],
)
def test_an_answer_that_is_no_batch_is_said_to_be_bad(scripted: Speaking, body: str) -> None:
    with scripted(Reply(body=body.encode(), content_type="text/plain"), provider="census") as client:
        assert refused(partial(client.geocode_batch, ROWS)).code is Code.BAD_ANSWER
