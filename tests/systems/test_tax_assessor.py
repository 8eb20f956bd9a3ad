"""The tax assessor: which values of a parcel are taken, and what is asked for them."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from integrations import credentials, systems
from integrations.models import Call, Service
from integrations.systems.tax_assessor import sandbox
from integrations.systems.tax_assessor.assessments import Assessment
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from tests.systems.contract import client_of, service_of
from tests.transport.server import Asked, Reply, ScriptedServer

PIN = "14081010010000"
Assess = Callable[..., Assessment | None]


@pytest.fixture
def assessor(db: None, sandbox_url: str) -> Service:
    return service_of(systems.get("tax_assessor"), sandbox_url)


@pytest.fixture
def assess(assessor: Service, remote: ScriptedServer) -> Assess:
    """What is made of these rows of one parcel, with these options."""

    def run(*rows: Any, parcel_id: str = PIN, **options: Any) -> Assessment | None:
        remote.answers(Reply(body=json.dumps(rows).encode()))
        assessor.base_url, assessor.options = remote.url, options
        with client_of(assessor) as client:
            found: Assessment | None = client.get_assessment(parcel_id)
        return found

    return run


def row(year: str = "2025", **values: Any) -> dict[str, Any]:
    return {"pin": PIN, "year": year, "class": "203", **values}


def stage(name: str, total: int) -> dict[str, str]:
    return {f"{name}_land": "100", f"{name}_bldg": str(total - 100), f"{name}_tot": str(total)}


def query(asked: Asked) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(asked.target).query))


@pytest.mark.parametrize(("number", "year", "reached"), [(0, 2025, "board"), (1, 2026, "mailed"), (3, 2026, "board")])
def test_the_sandbox_is_asked_for_the_latest_values(assessor: Service, number: int, year: int, reached: str) -> None:
    with client_of(assessor) as client:
        found = client.get_assessment(sandbox.pin(number))
    assert (found.parcel_id, found.year, found.stage) == (sandbox.pin(number), year, reached)
    assert found.total == found.land + found.building > 0
    assert found.raw["township_name"] == "Lake View"


def test_the_later_stage_wins_when_it_is_there(assess: Assess) -> None:
    found = assess(row(**stage("mailed", 900), **stage("certified", 800), **stage("board", 700)))
    assert found
    assert (found.stage, found.land, found.building, found.total) == ("board", Decimal(100), Decimal(600), Decimal(700))
    early = assess(row(**stage("mailed", 900), board_land="5"), check_parcel_id="asked anew")
    assert early
    assert (early.stage, early.total) == ("mailed", Decimal(900))


def test_the_latest_year_with_values_is_taken_whatever_the_order(assess: Assess) -> None:
    found = assess(row("2024", **stage("board", 1)), row("2026"), row("2025", **stage("mailed", 2)))
    assert found
    assert (found.year, found.stage, found.total) == (2025, "mailed", Decimal(2))


def test_a_parcel_without_rows_or_values_has_no_assessment(assess: Assess) -> None:
    assert assess() is None
    assert assess(row("2026"), parcel_id="14-08-101-001-0000", check_parcel_id="asked anew") is None


def test_the_same_is_asked_once_a_day_even_if_there_is_nothing(assess: Assess, remote: ScriptedServer) -> None:
    assert assess() is None
    asked = len(remote.asked)
    assert assess(row(**stage("mailed", 9))) is None
    assert (asked, len(remote.asked)) == (1, 0)
    assert [call.cache for call in Call.objects.order_by("pk")] == ["", "hit"]


@pytest.mark.parametrize("written", ["14-08-101-001-0000", " 14081010010000 ", "14 08 101 001 0000"])
def test_a_parcel_number_is_asked_for_as_the_source_writes_it(
    assess: Assess, remote: ScriptedServer, written: str
) -> None:
    assert assess(row(**stage("mailed", 9)), parcel_id=written)
    (asked,) = remote.asked
    assert urlsplit(asked.target).path == "/resource/uzyt-m557.json"
    assert query(asked) == {"$where": f"pin = '{PIN}'", "$order": "year DESC", "$limit": "100"}
    assert asked.headers["x-app-token"] == sandbox.APP_TOKEN


def test_zeros_that_a_spreadsheet_lost_are_put_back(assess: Assess, remote: ScriptedServer) -> None:
    assert assess({**row(**stage("mailed", 9)), "pin": "4081010010000"}, parcel_id="4081010010000")
    assert query(remote.asked[0])["$where"] == "pin = '04081010010000'"


@pytest.mark.parametrize("written", ["", "12x", "123456789012345", "1٢3", "' OR 1=1 --"])
def test_what_is_no_parcel_number_is_never_sent(assess: Assess, remote: ScriptedServer, written: str) -> None:
    with pytest.raises(CallError, match="is no parcel number") as failure:
        assess(parcel_id=written)
    assert failure.value.code is Code.NOT_SENDABLE
    assert remote.asked == []


def test_quotes_in_a_free_number_are_doubled(assess: Assess, remote: ScriptedServer) -> None:
    free = "O'Hara ' OR '1'='1"
    assert assess(parcel_id=free, parcel_id_digits=0) is None
    assert query(remote.asked[0])["$where"] == "pin = 'O''Hara '' OR ''1''=''1'"


def test_without_a_token_none_is_sent(assessor: Service, assess: Assess, remote: ScriptedServer) -> None:
    credentials.store(assessor, "app_token", "")
    assess()
    assert "x-app-token" not in remote.asked[0].headers


def test_a_source_without_stages_is_read_by_plain_columns(assess: Assess) -> None:
    found = assess(
        {"apn": "A-1", "roll": "2026-01-01T00:00:00.000", "value": "1234.50", "lot": 7},
        parcel_id="A-1",
        parcel_id_digits=0,
        stages="",
        parcel_column="apn",
        year_column="roll",
        land_column="lot",
        building_column="",
        total_column="value",
    )
    assert found
    assert (found.parcel_id, found.year, found.stage, found.building) == ("A-1", 2026, None, None)
    assert (found.land, found.total) == (Decimal(7), Decimal("1234.50"))


@pytest.mark.parametrize("total", ["much", "NaN", "Infinity", True, [], {}, ""])
def test_what_is_no_amount_is_said_with_its_column(assess: Assess, total: Any) -> None:
    with pytest.raises(CallError, match="What is at “mailed_tot” in the answer is no amount") as failure:
        assess(row(mailed_tot=total))
    assert failure.value.code is Code.BAD_ANSWER


@pytest.mark.parametrize("year", [None, "", "next year", 20255, True, {}])
def test_what_is_no_year_is_said_with_its_column(assess: Assess, year: Any) -> None:
    with pytest.raises(CallError, match="There is no year at “year” in the answer"):
        assess({**row(**stage("mailed", 9)), "year": year})


@pytest.mark.parametrize("pin", ["14081010010001", None, "", 7, {}])
def test_values_of_another_parcel_are_never_taken(assess: Assess, pin: Any) -> None:
    with pytest.raises(CallError, match=f"not of the parcel {PIN}"):
        assess({**row(**stage("mailed", 9)), "pin": pin})


@pytest.mark.parametrize(
    ("option", "value", "label"),
    [
        ("assessments_dataset", "../secrets", "Data set of assessed values"),
        ("assessments_dataset", "", "Data set of assessed values"),
        ("parcel_column", "pin = '1' OR pin", "Values: parcel column"),
        ("year_column", "", "Values: year column"),
        ("total_column", "", "Values: total column"),
        ("land_column", "{stage}-land", "Values: land column"),
        ("stages", "mailed, board of review", "Values: land column"),
    ],
)
def test_an_option_that_is_no_name_is_never_sent(
    assess: Assess, remote: ScriptedServer, option: str, value: str, label: str
) -> None:
    with pytest.raises(CallError, match=f"Correct “{label}” in the options of the service") as failure:
        assess(row(**stage("mailed", 9)), **{option: value})
    assert failure.value.code is Code.NOT_SENDABLE
