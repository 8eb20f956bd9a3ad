"""Speaks SODA 2.1 for two data sets in the shape of Cook County's, and an endpoint that answers for one parcel.

https://dev.socrata.com/docs/endpoints.html
"""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from integrations.systems.tax_assessor import sandbox_soql as soql

APP_TOKEN = "sandbox-app-token"  # noqa: S105 - lets nobody in anywhere else
SECRETS = {"app_token": APP_TOKEN}
OPTIONS = {"page_size": 40, "latitude_column": "lat", "longitude_column": "lon", "rest_path": "/parcels/{parcel_id}"}

PARCELS = 110
YEARS = ("2024", "2025", "2026")
STAGES = ("mailed", "certified", "board")
STREETS = ("N Orchard St", "W Harbor Ave", "S Mill Rd", "E O'Hara Ct")
CHANGED = "Thu, 12 Mar 2026 08:15:00 GMT"
VALUES = [f"{stage}_{part}" for stage in STAGES for part in ("land", "bldg", "tot")]
ASSESSED_COLUMNS = [":id", "row_id", "pin", "year", "class", "township_name", *VALUES]
ADDRESS_COLUMNS = [
    *(":id", "row_id", "pin", "year", "prop_address_full", "prop_address_city_name"),
    *("prop_address_state", "prop_address_zipcode_1", "lat", "lon"),
]


def resource(request: HttpRequest, dataset: str) -> HttpResponse:
    """Rows of a data set."""
    if request.method != "GET":
        return _error("method_not_allowed", "Method not allowed", 405)
    if request.headers.get("X-App-Token", APP_TOKEN) != APP_TOKEN:
        return _error("permission_denied", "Invalid app_token specified", 403)
    if dataset not in DATASETS:
        return _error("dataset.missing", "Not found", 404)
    try:
        rows, names = soql.answer(*DATASETS[dataset], request.GET.dict())
    except soql.Refusal as refusal:
        return JsonResponse(refusal.body, status=400)
    headers = {
        "X-SODA2-Fields": json.dumps(names),
        "X-SODA2-Truth-Last-Modified": CHANGED,
        "Last-Modified": CHANGED,
        "X-Socrata-RequestId": "sandbox",
    }
    return JsonResponse(rows, safe=False, headers=headers)


def parcel(request: HttpRequest, parcel_id: str) -> HttpResponse:
    """The latest values of a parcel, for a source that is not Socrata."""
    row = next((row for row in reversed(ASSESSED) if row["pin"] == parcel_id and "mailed_tot" in row), None)
    if row is None:
        return _error("not_found", "No such parcel", 404)
    values = {"land": int(row["mailed_land"]), "building": int(row["mailed_bldg"]), "total": int(row["mailed_tot"])}
    return JsonResponse({"year": int(row["year"]), **values})


def _error(code: str, message: str, status: int) -> HttpResponse:
    return JsonResponse({"code": code, "error": True, "message": message}, status=status)


def pin(number: int) -> str:
    """The parcel number of the n-th parcel, 14 digits; those of the first area begin with a zero."""
    return f"{4 + number % 20:02}08{200 + number // 20:03}{number % 97:03}0000"


def _assessed(number: int, year: str) -> dict[str, Any]:
    """One row; how many stages it has got to differs, and the newest year of some parcels has not begun."""
    reached = len(STAGES) if year != YEARS[-1] else number % 4
    row = {"row_id": f"{pin(number)}{year}", "pin": pin(number), "year": year, "class": "203"}
    for nth, stage in enumerate(STAGES[:reached]):
        land, building = 4000 + 10 * number, 21_000 + 50 * number + 100 * int(year) - 500 * nth
        row |= {f"{stage}_land": str(land), f"{stage}_bldg": str(building), f"{stage}_tot": str(land + building)}
    return {":id": _row_id(row["row_id"]), **row, "township_name": "Lake View"}


def _address(number: int, year: str) -> dict[str, Any]:
    """One row; a parcel so new that it has no address lacks the columns."""
    row = {"row_id": f"{pin(number)}{year}", "pin": pin(number), "year": year, "prop_address_state": "IL"}
    if number % 25:
        row["prop_address_full"] = f"{100 + number} {STREETS[number % len(STREETS)]}".upper()
        row |= {"prop_address_city_name": "CHICAGO", "prop_address_zipcode_1": f"{60_601 + number % 60}"}
    degrees = {"lat": f"{41.7 + number / 500:.6f}", "lon": f"{-87.8 + number / 600:.6f}"}
    return {":id": _row_id(row["row_id"]), **row, **degrees}


def _row_id(text: str) -> str:
    return f"row-{text[4:8]}.{text[8:11]}_{text[:4]}-{text[14:]}"


ASSESSED = [_assessed(number, year) for number in range(PARCELS) for year in YEARS]
ADDRESSES = [_address(number, year) for number in range(PARCELS) for year in YEARS[1:]]
DATASETS = {"uzyt-m557": (ASSESSED, ASSESSED_COLUMNS), "3723-97qp": (ADDRESSES, ADDRESS_COLUMNS)}

urlpatterns = [path("resource/<slug:dataset>.json", resource), path("parcels/<str:parcel_id>", parcel)]
