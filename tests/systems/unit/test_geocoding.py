"""The clients of Nominatim and the US Census alone, by the examples of their documentation."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from integrations.systems.geocoding.places import OSM_ATTRIBUTION, BatchAddress, BatchResult, Place
from integrations.transport.codes import Code
from tests.systems.unit.alone import Alone, Case, Turn

GEOCODING = Alone("geocoding", "https://geo.example.org", {"contact": "ops@example.org", "country_codes": "de"})
CENSUS = {"provider": "census"}
NAMED = {"User-Agent": "django-operations-console/0.1 (ops@example.org)"}
FORMAT = {"format": "jsonv2", "addressdetails": 0}
BERLIN = {
    "osm_type": "relation",
    "osm_id": 62422,
    "lat": "52.5170365",
    "lon": "13.3888599",
    "addresstype": "city",
    "display_name": "Berlin, Deutschland",
}
FOUND = Place(
    Decimal("52.5170365"), Decimal("13.3888599"), "Berlin, Deutschland", "relation/62422", "city", OSM_ATTRIBUTION
)
WHITE_HOUSE = "1600 PENNSYLVANIA AVE NW, WASHINGTON, DC, 20500"
MATCH = {
    "matchedAddress": WHITE_HOUSE,
    "coordinates": {"x": -77.0365, "y": 38.8976},
    "tigerLine": {"tigerLineId": "238241022", "side": "L"},
}
BENCHMARKS = {"benchmarks": [{"id": "4", "benchmarkName": "Public_AR_Current", "benchmarkDescription": "Current"}]}
LINE = f'"1","x","Match","Exact","{WHITE_HOUSE}","-77.0365,38.8976","238241022","L"\n'


def health(client: Any) -> object:
    return client.check_health()


CASES = [
    Case(
        "nominatim: geocode",
        lambda client: client.geocode("  Unter den  Linden 1 "),
        (
            Turn(
                "GET",
                "/search",
                [BERLIN],
                query={"q": "Unter den Linden 1", **FORMAT, "limit": 1, "countrycodes": "de"},
                headers=NAMED,
            ),
        ),
        FOUND,
    ),
    Case(
        "nominatim: geocode, nothing",
        lambda client: client.geocode("Nowhere"),
        (Turn("GET", "/search", [], query={"q": "Nowhere", **FORMAT, "limit": 1, "countrycodes": "de"}),),
        None,
    ),
    Case(
        "nominatim: reverse",
        lambda client: client.reverse(Decimal("52.517"), Decimal("13.389")),
        (Turn("GET", "/reverse", BERLIN, query={"lat": "52.5170000", "lon": "13.3890000", **FORMAT}, headers=NAMED),),
        FOUND,
    ),
    Case(
        "nominatim: check_health",
        health,
        (
            Turn(
                "GET",
                "/status",
                {"status": 0, "message": "OK", "data_updated": "2026-05-04T14:47:00+00:00"},
                query={"format": "json"},
                headers=NAMED,
            ),
        ),
        "Data of 2026-05-04 14:47 UTC.",
    ),
    Case(
        "census: geocode",
        lambda client: client.geocode("1600 Pennsylvania Ave"),
        (
            Turn(
                "GET",
                "/locations/onelineaddress",
                {"result": {"input": {}, "addressMatches": [MATCH]}},
                query={"address": "1600 Pennsylvania Ave", "benchmark": "Public_AR_Current", "format": "json"},
                headers=NAMED,
            ),
        ),
        Place(Decimal("38.8976"), Decimal("-77.0365"), WHITE_HOUSE, "238241022"),
        CENSUS,
    ),
    Case(
        "census: geocode_batch",
        lambda client: client.geocode_batch([BatchAddress("a", "1600 Pennsylvania Ave")]),
        (Turn("POST", "/locations/addressbatch", LINE, headers=NAMED),),
        [BatchResult("a", "Match", Place(Decimal("38.8976"), Decimal("-77.0365"), WHITE_HOUSE, "238241022", "Exact"))],
        CENSUS,
    ),
    Case(
        "census: check_health",
        health,
        (Turn("GET", "/benchmarks", BENCHMARKS, query={"format": "json"}, headers=NAMED),),
        "Current.",
        CENSUS,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_operation_asks_and_reads_as_documented(case: Case) -> None:
    assert GEOCODING.outcome(case) == case.result


@pytest.mark.parametrize(
    ("options", "status", "answer", "code"),
    [
        ({}, 403, "Access blocked", Code.FORBIDDEN),
        ({}, 200, {"status": 700, "message": "Database connection failed"}, Code.SERVER_ERROR),
        ({}, 500, {"error": {"code": 500, "message": "Internal error"}}, Code.SERVER_ERROR),
        (CENSUS, 400, {"errors": ["Address cannot be empty"], "status": "400"}, Code.HTTP_ERROR),
        (CENSUS, 200, {"benchmarks": []}, Code.BAD_ANSWER),
    ],
)
def test_what_is_refused_has_one_of_our_codes(options: dict[str, str], status: int, answer: Any, code: Code) -> None:
    turn = Turn("GET", "/benchmarks" if options else "/status", answer, status, query={"format": "json"})
    assert GEOCODING.refused(health, turn, **options).code is code
