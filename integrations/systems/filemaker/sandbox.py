"""Speaks the part of FileMaker's Data API that the client uses, with its errors.

https://help.claris.com/en/data-api-guide/content/index.html
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from integrations.systems.filemaker.sandbox_data import (
    DATABASE,
    FIELDS,
    LAYOUT,
    NAME,
    Failure,
    Row,
    matching,
    ordered,
    shown,
)

USERNAME = "console"
PASSWORD = "not a real password: sandbox"  # noqa: S105 - lets into the sandbox only
OPTIONS = {
    "database": NAME,
    "layout": LAYOUT,
    "username": USERNAME,
    "sort_field": "Parcel",
    "page_size": 25,
    "title_field": "Owner",
    "modified_field": "Modified",
    "parcel_field": "Parcel",
    "address_field": "Address",
    "city_field": "City",
}
SECRETS = {"password": PASSWORD}
SCRIPT = "Count parcels"
LAYOUTS = [
    {"name": "Entry"},
    {"name": "Lists", "isFolder": True, "folderLayoutNames": [{"name": LAYOUT}, {"name": "Streets"}]},
]
end_sessions = DATABASE.end_sessions  # everybody has to log in again

LISTING = {"_limit", "_offset", "_sort", "dateformats"}
FINDING = {"query", "sort", "limit", "offset", "dateformats"}
View = Callable[..., HttpResponse]


def answers(view: View) -> View:
    """The view; what FileMaker refuses becomes its answer."""

    @wraps(view)
    def answer(request: HttpRequest, version: str, database: str, **names: str) -> HttpResponse:
        try:
            response = view(request, database, **names)
        except Failure as failure:
            response = _told({}, failure.code, failure.message, failure.status)
        return response

    return answer


def signed_in(view: Callable[..., Mapping[str, Any]]) -> View:
    """The same for what takes a session, and something of the layout."""

    @answers
    @wraps(view)
    def answer(request: HttpRequest, database: str, layout: str, **names: str) -> HttpResponse:
        _check_session(request, database)
        if layout != LAYOUT:
            raise Failure("105", "Layout is missing")
        return _told(view(request, **names))

    return answer


def _check_session(request: HttpRequest, database: str) -> None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if not scheme:
        raise Failure("10", "Requested data is missing", 400)
    if scheme != "Bearer" or database != NAME or not DATABASE.is_session(token):
        raise Failure("952", "Invalid FileMaker Data API token (*)", 401)


@answers
def log_in(request: HttpRequest, database: str) -> HttpResponse:
    """https://help.claris.com/en/data-api-guide/content/log-in-database-session-filemaker-account.html."""
    if request.method != "POST":
        raise Failure("3", "Command is unavailable", 405)
    if set(_payload(request)) - {"fmDataSource"}:
        raise _parameter()
    if database != NAME:
        raise Failure("802", "Unable to open file")
    expected = base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()
    if request.headers.get("Authorization") != f"Basic {expected}":
        raise Failure("212", "Invalid user account and/or password; please try again", 401)
    token = DATABASE.begin_session()
    response = _told({"token": token})
    response["X-FM-Data-Access-Token"] = token
    return response


@answers
def log_out(request: HttpRequest, database: str, token: str) -> HttpResponse:
    """https://help.claris.com/en/data-api-guide/content/log-out-database-session.html."""
    if request.method != "DELETE":
        raise Failure("3", "Command is unavailable", 405)
    if database != NAME or not DATABASE.end_session(token):
        raise Failure("952", "Invalid FileMaker Data API token (*)", 401)
    return _told({})


@answers
def layouts(request: HttpRequest, database: str) -> HttpResponse:
    """https://help.claris.com/en/data-api-guide/content/get-layout-names.html."""
    _check_session(request, database)
    return _told({"layouts": LAYOUTS})


@signed_in
def records(request: HttpRequest) -> Mapping[str, Any]:
    """List or create."""
    if request.method == "POST":
        row = DATABASE.create(_fields(_payload(request), {"fieldData"}))
        return {"recordId": str(row.number), "modId": str(row.changes)}
    if set(request.GET) - LISTING:
        raise _parameter()
    given = request.GET.dict()
    sort = _parsed(given["_sort"]) if "_sort" in given else []
    return _page(DATABASE.rows(), sort, given.get("_limit", "100"), given.get("_offset", "1"), given)


@signed_in
def find(request: HttpRequest) -> Mapping[str, Any]:
    """https://help.claris.com/en/data-api-guide/content/perform-find-request.html."""
    given = _payload(request)
    if request.method != "POST" or set(given) - FINDING or not given.get("query"):
        raise _parameter()
    found = matching(DATABASE.rows(), given["query"])
    if not found:
        raise Failure("401", "No records match the request")
    return _page(found, given.get("sort", []), given.get("limit", "100"), given.get("offset", "1"), given)


@signed_in
def record(request: HttpRequest, number: str) -> Mapping[str, Any]:
    """Read, change or delete."""
    if request.method == "DELETE":
        DATABASE.delete(int(number))
        return {}
    if request.method == "PATCH":
        given = _payload(request)
        changed = DATABASE.change(int(number), _fields(given, {"fieldData", "modId"}), given.get("modId"))
        return {"modId": str(changed.changes)}
    return _data([DATABASE.row(int(number))], 1, request.GET)


@signed_in
def script(request: HttpRequest, name: str) -> Mapping[str, Any]:
    """https://help.claris.com/en/data-api-guide/content/run-a-script.html; the one there is repeats its parameter."""
    if name != SCRIPT:
        raise Failure("104", "Script is missing")
    parameter = request.GET.get("script.param")
    result = {"scriptResult": f"{len(DATABASE.rows())} parcels, {parameter}"} if parameter else {}
    return {"scriptError": "0", **result}


def _page(rows: list[Row], sort: Any, limit: Any, offset: Any, given: Mapping[str, Any]) -> Mapping[str, Any]:
    if not all(isinstance(each, str) and each.isdecimal() and int(each) for each in (limit, offset)):
        raise _parameter()
    begin = int(offset) - 1
    if begin >= len(rows):
        raise Failure("101", "Record is missing")
    return _data(ordered(rows, sort)[begin : begin + int(limit)], len(rows), given)


def _data(rows: list[Row], found: int, given: Mapping[str, Any]) -> Mapping[str, Any]:
    counts = {"totalRecordCount": len(DATABASE.rows()), "foundCount": found, "returnedCount": len(rows)}
    iso = str(given.get("dateformats")) == "2"
    info = {"database": NAME, "layout": LAYOUT, "table": "Parcels", **counts}
    return {"dataInfo": info, "data": [shown(row, iso=iso) for row in rows]}


def _fields(given: Mapping[str, Any], known: set[str]) -> dict[str, Any]:
    fields = given.get("fieldData")
    if not isinstance(fields, dict) or set(given) - known:
        raise _parameter()
    if set(fields) - set(FIELDS):
        raise Failure("102", "Field is missing")
    return fields


def _payload(request: HttpRequest) -> dict[str, Any]:
    if request.content_type != "application/json":
        raise Failure("10", "Requested data is missing", 415)
    given = _parsed(request.body)
    if not isinstance(given, dict):
        raise _parameter()
    return given


def _parsed(text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise _parameter() from error


def _parameter() -> Failure:
    return Failure("960", "Parameter is invalid", 400)


def _told(response: Mapping[str, Any], code: str = "0", message: str = "OK", status: int = 200) -> JsonResponse:
    return JsonResponse({"response": response, "messages": [{"code": code, "message": message}]}, status=status)


_DATABASES = "fmi/data/<str:version>/databases/<str:database>"
_LAYOUT = f"{_DATABASES}/layouts/<str:layout>"
urlpatterns = [
    path(f"{_DATABASES}/sessions", log_in),
    path(f"{_DATABASES}/sessions/<str:token>", log_out),
    path(f"{_DATABASES}/layouts", layouts),
    path(f"{_LAYOUT}/records", records),
    path(f"{_LAYOUT}/records/<str:number>", record),
    path(f"{_LAYOUT}/_find", find),
    path(f"{_LAYOUT}/script/<path:name>", script),
]
