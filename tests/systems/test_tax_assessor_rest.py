"""A tax assessor that is no Socrata: any REST endpoint with an address for each parcel."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from integrations import systems
from integrations.models import Service
from integrations.systems.tax_assessor import sandbox, streams
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from tests.systems.contract import client_of, service_of
from tests.transport.server import Reply, ScriptedServer


@pytest.fixture
def assessor(db: None, sandbox_url: str) -> Service:
    service = service_of(systems.get("tax_assessor"), sandbox_url)
    service.options |= {"source": "rest", "check_parcel_id": sandbox.pin(1)}
    return service


@pytest.fixture
def calling(assessor: Service, remote: ScriptedServer) -> Service:
    assessor.base_url = remote.url
    assessor.options |= {"parcel_id_digits": 0}
    return assessor


def assess(service: Service, parcel_id: str = "7-A") -> Any:
    with client_of(service) as client:
        return client.get_assessment(parcel_id)


def says(remote: ScriptedServer, body: Any, status: int = 200) -> None:
    remote.answers(Reply(status=status, body=json.dumps(body).encode()))


def test_a_parcel_is_read_at_its_own_address(assessor: Service) -> None:
    found = assess(assessor, f"{sandbox.pin(1)[:2]}-{sandbox.pin(1)[2:]}")
    assert (found.parcel_id, found.year, found.stage) == (sandbox.pin(1), 2026, None)
    assert found.land + found.building == found.total == Decimal(227_660)


def test_paths_say_where_the_values_are(calling: Service, remote: ScriptedServer) -> None:
    says(remote, {"roll": [{"y": "2025", "v": {"t": "10.50"}, "state": "final"}]})
    calling.options |= {"rest_path": "/v1/lookup?full=1&apn={parcel_id}", "land_path": "", "building_path": "nowhere"}
    calling.options |= {"year_path": "roll[0].y", "total_path": "roll[0].v.t", "stage_path": "roll[0].state"}
    found = assess(calling)
    assert (found.year, found.total, found.land, found.building) == (2025, Decimal("10.50"), None, None)
    assert found.stage == "final"
    assert remote.asked[0].target == "/v1/lookup?full=1&apn=7-A"


@pytest.mark.parametrize(
    ("written", "sent"), [("a/../b?c#d", "a%2F..%2Fb%3Fc%23d"), ("Ö 1", "%C3%96%201"), ("{year}", "%7Byear%7D")]
)
def test_a_parcel_number_stays_one_segment(calling: Service, remote: ScriptedServer, written: str, sent: str) -> None:
    says(remote, {})
    assert assess(calling, written) is None
    assert remote.asked[0].target == f"/parcels/{sent}"


@pytest.mark.parametrize("written", ["..", ".", "/", "?"])
def test_a_number_that_is_a_way_elsewhere_is_never_sent(calling: Service, remote: ScriptedServer, written: str) -> None:
    remote.answers(Reply())
    with pytest.raises(CallError, match="no parcel number"):
        assess(calling, written)
    assert remote.asked == []


@pytest.mark.parametrize("status", [404, 410])
def test_that_there_is_no_such_parcel_is_kept(calling: Service, remote: ScriptedServer, status: int) -> None:
    says(remote, {"message": "none"}, status)
    assert assess(calling) is None
    assert assess(calling) is None
    assert len(remote.asked) == 1


@pytest.mark.parametrize("body", [None, [], {}])
def test_an_empty_answer_is_no_assessment(calling: Service, remote: ScriptedServer, body: Any) -> None:
    says(remote, body)
    assert assess(calling) is None


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"year": 2025}, "There is no amount at “total” in the answer."),
        ({"year": 2025, "total": "?"}, "What is at “total” in the answer is no amount."),
        ({"total": 5}, "There is no year at “year” in the answer."),
        (["x"], "There is no year at “year” in the answer."),
        ("Not found", "There is no year at “year” in the answer."),
    ],
)
def test_an_answer_without_the_values_says_where_they_were_looked_for(
    calling: Service, remote: ScriptedServer, body: Any, sentence: str
) -> None:
    says(remote, body)
    with pytest.raises(CallError) as failure:
        assess(calling)
    assert (failure.value.code, str(failure.value)) == (Code.BAD_ANSWER, sentence)


def test_a_path_that_fails_on_the_answer_is_named(calling: Service, remote: ScriptedServer) -> None:
    says(remote, {"year": 2025, "total": 5})
    calling.options |= {"total_path": "sum(total)"}
    with pytest.raises(CallError, match=r"“sum\(total\)” cannot be looked up"):
        assess(calling)


@pytest.mark.parametrize("template", ["", None, "/parcels/"])
def test_a_path_without_a_place_for_the_parcel_is_an_error(calling: Service, template: str | None) -> None:
    calling.options |= {"rest_path": template}
    with pytest.raises(CallError, match="Correct “REST: path of a parcel”"):
        assess(calling)


def test_health_asks_for_the_parcel_that_is_known(assessor: Service) -> None:
    with client_of(assessor) as client:
        assert client.check_health() == "Values of 2026."
    assessor.options |= {"check_parcel_id": "1"}
    with client_of(assessor) as client:
        assert client.check_health() == "It answers, but knows no parcel 00000000000001."


def test_health_needs_a_parcel(assessor: Service) -> None:
    assessor.options |= {"check_parcel_id": ""}
    with pytest.raises(CallError, match="Correct “REST: parcel to check with”"), client_of(assessor) as client:
        client.check_health()


def test_there_is_no_list_of_parcels(assessor: Service) -> None:
    with pytest.raises(CallError, match="Only Socrata has a list"), client_of(assessor) as client:
        next(streams.parcels(client, {}))
