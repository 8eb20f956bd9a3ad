"""The tax assessor against exchanges that were recorded with Socrata."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from integrations import systems
from integrations.models import Service
from integrations.systems.base import BadItem, Item
from integrations.systems.tax_assessor import streams
from tests.systems.contract import client_of, service_of
from tests.transport.server import Reply, ScriptedServer

# Of the connection and not of the answer; the bodies are recorded unpacked.
HOP = {"Content-Encoding", "Transfer-Encoding", "Connection", "Content-Length", "Content-Type"}
Replay = Callable[..., Any]


@pytest.fixture(scope="session")
def recorded(shared_data: Path) -> list[Mapping[str, Any]]:
    """Every answer of `/resource/`, with its status, headers and body."""
    found: list[Mapping[str, Any]] = json.loads((shared_data / "recorded" / "socrata_recordings.json").read_text())
    return [each for each in found if "/resource/" in each["url"]]


@pytest.fixture
def assessor(db: None, sandbox_url: str, remote: ScriptedServer) -> Service:
    service = service_of(systems.get("tax_assessor"), sandbox_url)
    service.base_url = remote.url
    service.options |= {"parcel_id_digits": 0, "stages": "", "parcels_year_column": "", "page_size": 50_000}
    service.options |= dict.fromkeys(("address_column", "city_column", "postal_code_column"), "")
    service.options |= dict.fromkeys(("latitude_column", "longitude_column"), "")
    return service


def reply(exchange: Mapping[str, Any]) -> Reply:
    headers = tuple((name, value) for name, value in exchange["headers"] if name not in HOP)
    return Reply(exchange["status"], exchange["body"].encode(), headers)


def of(recorded: list[Mapping[str, Any]], part: str) -> Mapping[str, Any]:
    return next(each for each in recorded if part in each["url"] and "offset" not in each["url"])


def test_every_recorded_list_is_read_with_its_end(
    assessor: Service, remote: ScriptedServer, recorded: list[Mapping[str, Any]]
) -> None:
    lists = [each for each in recorded if "offset" not in each["url"]]
    assert len(lists) > 10
    for exchange in lists:
        rows = json.loads(exchange["body"])
        count = Reply(body=json.dumps([{"row_count": str(len(rows))}]).encode())
        remote.answers(count, reply(exchange))
        assessor.options["parcels_parcel_column"] = next(iter(rows[0]))
        with client_of(assessor) as client:
            items = [item for page in streams.parcels(client, {}) for item in page.items]
        assert len(items) == len(rows), exchange["url"]


def test_a_recorded_end_ends_the_list(
    assessor: Service, remote: ScriptedServer, recorded: list[Mapping[str, Any]]
) -> None:
    end = next(each for each in recorded if "%24offset" in each["url"] and "w8wm-g3qx" in each["url"])
    remote.answers(Reply(body=b'[{"row_count": "0"}]'), reply(end))
    assessor.options["parcels_parcel_column"] = "text"
    with client_of(assessor) as client:
        assert list(streams.parcels(client, {})) == []


def test_a_recorded_location_is_a_place(
    assessor: Service, remote: ScriptedServer, recorded: list[Mapping[str, Any]]
) -> None:
    remote.answers(Reply(body=b'[{"row_count": "1"}]'), reply(of(recorded, "2asz-g9qq.json?%24select=%2A")))
    assessor.options |= {"parcels_parcel_column": "phone_column", "address_column": "plain_text_column"}
    assessor.options |= {"latitude_column": "location_column", "longitude_column": "location_column"}
    with client_of(assessor) as client:
        (page,) = streams.parcels(client, {})
    (item,) = page.items
    assert isinstance(item, Item)
    assert (item.external_id, item.fields["address"]) == ("206-555-1212", "Sample Text")
    assert (item.fields["latitude"], item.fields["longitude"]) == (Decimal("47.598282"), Decimal("-122.334780"))
    assert item.fields["data"]["checkbox_column"] is True
    assert ":@computed_region_k83t_ady5" not in item.fields["data"]


def test_a_recorded_null_is_a_column_that_is_absent(
    assessor: Service, remote: ScriptedServer, recorded: list[Mapping[str, Any]]
) -> None:
    remote.answers(Reply(body=b'[{"row_count": "3"}]'), reply(of(recorded, "w8wm-g3qx.json")))
    assessor.options |= {"parcels_parcel_column": "checkbox"}
    with client_of(assessor) as client:
        (page,) = streams.parcels(client, {})
    assert all(isinstance(item, BadItem) for item in page.items)
    assert {item.field for item in page.items if isinstance(item, BadItem)} == {"checkbox"}


def test_recorded_values_are_an_assessment(
    assessor: Service, remote: ScriptedServer, recorded: list[Mapping[str, Any]]
) -> None:
    remote.answers(reply(of(recorded, "2asz-g9qq.json?%24select=%2A")))
    assessor.options |= {"parcel_column": "phone_column", "year_column": "date_time_column"}
    assessor.options |= {"land_column": "number_column", "building_column": "", "total_column": "money_column"}
    with client_of(assessor) as client:
        found = client.get_assessment("206-555-1212")
    assert (found.year, found.land, found.total) == (2014, Decimal(42), Decimal(1_000_000))


def test_a_recorded_group_gives_the_count_of_its_first_row(
    assessor: Service, remote: ScriptedServer, recorded: list[Mapping[str, Any]]
) -> None:
    groups = of(recorded, "4tka-6guv.json?%24select=magnitude%2C%20count%28%2A%29%20as%20count&%24group=magnitude")
    first = json.loads(groups["body"])[0]
    renamed = {**groups, "body": groups["body"].replace('"count"', '"row_count"')}
    remote.answers(reply(renamed), Reply(body=b"[]"))
    assessor.options |= {"parcels_year_column": "magnitude"}
    with client_of(assessor) as client, pytest.raises(Exception, match=f"there are {first['count']} items"):
        list(streams.parcels(client, {}))


def test_health_dates_the_recorded_data(
    assessor: Service, remote: ScriptedServer, recorded: list[Mapping[str, Any]]
) -> None:
    remote.answers(reply(of(recorded, "2asz-g9qq.json?%24select=%2A")))
    assessor.options |= {"land_column": "", "building_column": "", "total_column": "money_column"}
    with client_of(assessor) as client:
        assert client.check_health() == "Data of 16 September 2019."
