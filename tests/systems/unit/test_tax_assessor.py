"""The tax assessor's client alone, by the examples of Socrata's documentation and of Cook County's data."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from integrations.systems.tax_assessor.assessments import Assessment
from integrations.transport.codes import Code
from tests.systems.unit.alone import Alone, Case, Turn

ASSESSOR = Alone("tax_assessor", "https://datacatalog.cookcountyil.gov", {"page_size": 2})
REST = {"source": "rest", "rest_path": "/parcels/{parcel_id}", "check_parcel_id": "14-08-101-001-0000"}
SIGNED = {"X-App-Token": "secret"}
PIN = "14081010010000"
VALUES, PARCELS = "/resource/uzyt-m557.json", "/resource/3723-97qp.json"
ROW = {"pin": PIN, "year": "2025", "mailed_land": "100", "mailed_bldg": "200.5", "mailed_tot": "300.5"}
FOUND = {"year": 2025, "land": 100, "building": 200.5, "total": 300.5}
COLUMNS = (
    "board_land,board_bldg,board_tot,certified_land,certified_bldg,certified_tot,mailed_land,mailed_bldg,mailed_tot"
)
LATEST = {"$select": "*,:id", "$where": "year = '2026'", "$order": ":id", "$limit": 2}


def assess(client: Any) -> object:
    return client.get_assessment("14-08-101-001-0000")


def assessed(stage: str | None, raw: Any) -> Assessment:
    return Assessment(PIN, 2025, Decimal(100), Decimal("200.5"), Decimal("300.5"), stage, raw)


def parcels(*numbers: int) -> list[dict[str, str]]:
    return [{":id": f"row-{number}", "pin": f"{number:014}"} for number in numbers]


CASES = [
    Case(
        "get_assessment",
        assess,
        (
            Turn(
                "GET",
                VALUES,
                [ROW],
                query={"$where": f"pin = '{PIN}'", "$order": "year DESC", "$limit": 100},
                headers=SIGNED,
            ),
        ),
        assessed("mailed", ROW),
    ),
    Case(
        "get_assessment, none",
        assess,
        (Turn("GET", VALUES, [], query={"$where": f"pin = '{PIN}'", "$order": "year DESC", "$limit": 100}),),
        None,
    ),
    Case(
        "get_assessment by REST",
        assess,
        (Turn("GET", f"/parcels/{PIN}", FOUND, headers=SIGNED),),
        assessed(None, FOUND),
        REST,
    ),
    Case(
        "list_parcels",
        lambda client: [row[":id"] for batch in client.list_parcels({}) for row in batch.items],
        (
            Turn(
                "GET",
                PARCELS,
                [{"year": "2026", "row_count": "3"}],
                query={
                    "$select": "year, count(*) as row_count",
                    "$group": "year",
                    "$order": "year DESC",
                    "$where": "year IS NOT NULL",
                    "$limit": 1,
                },
                headers=SIGNED,
            ),
            Turn("GET", PARCELS, parcels(1, 2), query={**LATEST, "$offset": 0}, headers=SIGNED),
            Turn("GET", PARCELS, parcels(2, 3), query={**LATEST, "$offset": 1}, headers=SIGNED),
        ),
        ["row-1", "row-2", "row-3"],
    ),
    Case(
        "check_health",
        lambda client: client.check_health(),
        (Turn("GET", VALUES, [], query={"$select": f"pin,year,{COLUMNS}", "$limit": 1}, headers=SIGNED),),
        "The data set is empty.",
    ),
    Case(
        "check_health by REST",
        lambda client: client.check_health(),
        (Turn("GET", f"/parcels/{PIN}", FOUND, headers=SIGNED),),
        "Values of 2025.",
        REST,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_operation_asks_and_reads_as_documented(case: Case) -> None:
    assert ASSESSOR.outcome(case) == case.result


@pytest.mark.parametrize(
    ("status", "answer", "code"),
    [
        (400, {"errorCode": "query.soql.no-such-column", "message": "No such column: x"}, Code.HTTP_ERROR),
        (403, {"error": True, "message": "Invalid app_token specified"}, Code.AUTH_FAILED),
        (404, {"error": True, "message": "Cannot find migration info for view"}, Code.NOT_FOUND),
        (500, {"error": True, "message": "Internal error"}, Code.SERVER_ERROR),
        (200, {"rows": []}, Code.BAD_ANSWER),
    ],
)
def test_what_socrata_refuses_has_one_of_our_codes(status: int, answer: Any, code: Code) -> None:
    turn = Turn("GET", VALUES, answer, status, query={"$select": f"pin,year,{COLUMNS}", "$limit": 1})
    assert ASSESSOR.refused(lambda client: client.check_health(), turn).code is code
