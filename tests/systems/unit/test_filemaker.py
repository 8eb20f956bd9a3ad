"""FileMaker's client alone, by the examples of the Data API's guide."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integrations.systems.filemaker.records import Found, Record, ScriptRun, Written
from integrations.transport.codes import Code
from tests.systems.unit.alone import Alone, Case, Turn

FILEMAKER = Alone(
    "filemaker",
    "https://fms.example.org",
    {"database": "Land", "layout": "Parcels & Owners", "username": "console", "sort_field": "Parcel", "page_size": 2},
)
SIGNED = {"Authorization": "Bearer token", "Content-Type": "application/json"}
LAYOUT = "/fmi/data/vLatest/databases/Land/layouts/Parcels%20%26%20Owners"
ORDER = json.dumps([{"fieldName": "Parcel", "sortOrder": "ascend"}])


def ok(response: Any) -> dict[str, Any]:
    return {"response": response, "messages": [{"code": "0", "message": "OK"}]}


def failed(code: str, message: str) -> dict[str, Any]:
    return {"response": {}, "messages": [{"code": code, "message": message}]}


def raw(number: int) -> dict[str, Any]:
    return {"recordId": f"{number}", "modId": "3", "fieldData": {"Parcel": f"15-{number}"}, "portalData": {}}


def listing(total: int, *numbers: int) -> dict[str, Any]:
    return ok({"dataInfo": {"foundCount": total}, "data": [raw(number) for number in numbers]})


RECORD = Record("7", "3", {"Parcel": "15-7"}, {})

CASES = [
    Case(
        "check_health",
        lambda client: client.check_health(),
        (
            Turn(
                "GET",
                f"{LAYOUT}/records",
                listing(3, 1),
                query={"_limit": 1, "_offset": 1, "dateformats": 2},
                headers=SIGNED,
            ),
        ),
        "3 records on the layout “Parcels & Owners”.",
    ),
    Case(
        "list_records",
        lambda client: [item["recordId"] for batch in client.list_records({}) for item in batch.items],
        (
            Turn(
                "GET",
                f"{LAYOUT}/records",
                listing(3, 1, 2),
                query={"_limit": 2, "_offset": 1, "_sort": ORDER, "dateformats": 2},
            ),
            Turn(
                "GET",
                f"{LAYOUT}/records",
                listing(3, 2, 3),
                query={"_limit": 2, "_offset": 2, "_sort": ORDER, "dateformats": 2},
            ),
        ),
        ["1", "2", "3"],
    ),
    Case(
        "find_records",
        lambda client: client.find_records([{"City": "==Ulm"}], {"Parcel": "descend"}, limit=5),
        (
            Turn(
                "POST",
                f"{LAYOUT}/_find",
                listing(1, 7),
                sent={
                    "query": [{"City": "==Ulm"}],
                    "limit": "5",
                    "offset": "1",
                    "dateformats": 2,
                    "sort": [{"fieldName": "Parcel", "sortOrder": "descend"}],
                },
                headers=SIGNED,
            ),
        ),
        Found((RECORD,), 1),
    ),
    Case(
        "find_records, nothing",
        lambda client: client.find_records([{"City": "==Nowhere"}]),
        (Turn("POST", f"{LAYOUT}/_find", failed("401", "No records match the request"), 500),),
        Found((), 0),
    ),
    Case(
        "get_record",
        lambda client: client.get_record("7"),
        (Turn("GET", f"{LAYOUT}/records/7", listing(1, 7), query={"dateformats": 2}, headers=SIGNED),),
        RECORD,
    ),
    Case(
        "create_record",
        lambda client: client.create_record({"City": "Ulm"}),
        (
            Turn(
                "POST",
                f"{LAYOUT}/records",
                ok({"recordId": "147", "modId": "0"}),
                sent={"fieldData": {"City": "Ulm"}},
                headers=SIGNED,
            ),
        ),
        Written("147", "0"),
    ),
    Case(
        "update_record",
        lambda client: client.update_record("147", {"City": None}, "0"),
        (
            Turn(
                "PATCH",
                f"{LAYOUT}/records/147",
                ok({"modId": "1"}),
                sent={"fieldData": {"City": ""}, "modId": "0"},
                headers=SIGNED,
            ),
        ),
        Written("147", "1"),
    ),
    Case(
        "delete_record",
        lambda client: client.delete_record("147"),
        (Turn("DELETE", f"{LAYOUT}/records/147", ok({}), headers=SIGNED),),
        None,
    ),
    Case(
        "run_script",
        lambda client: client.run_script("Count parcels", "Ulm"),
        (
            Turn(
                "GET",
                f"{LAYOUT}/script/Count%20parcels",
                ok({"scriptError": "0", "scriptResult": "3"}),
                query={"script.param": "Ulm"},
            ),
        ),
        ScriptRun("0", "3"),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_operation_asks_and_reads_as_documented(case: Case) -> None:
    assert FILEMAKER.outcome(case) == case.result


@pytest.mark.parametrize(
    ("status", "number", "message", "code"),
    [
        (401, "212", "Invalid user account and/or password", Code.AUTH_FAILED),
        (500, "9", "Insufficient privileges", Code.FORBIDDEN),
        (500, "101", "Record is missing", Code.NOT_FOUND),
        (500, "102", "Field is missing", Code.HTTP_ERROR),
        (500, "306", "Record modification ID does not match", Code.CONFLICT),
        (500, "802", "Unable to open file", Code.HTTP_ERROR),
        (500, "956", "Maximum number of Data API sessions exceeded", Code.SERVER_ERROR),
        (503, "1", "User canceled action", Code.SERVER_ERROR),
    ],
)
def test_what_filemaker_refuses_has_the_meaning_of_its_own_code(
    status: int, number: str, message: str, code: Code
) -> None:
    turn = Turn("GET", f"{LAYOUT}/records/7", failed(number, message), status, query={"dateformats": 2})
    error = FILEMAKER.refused(lambda client: client.get_record("7"), turn)
    assert error.code is code
    assert message in str(error)
