"""Speaks the part of Salesforce's REST API that the client uses, about one object: Contact.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/intro_rest.htm
"""

from __future__ import annotations

import functools
import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.http import require_http_methods

from integrations.systems.salesforce.org import EXTERNAL, Org, Refused, deleted_at
from integrations.systems.stamps import parse_stamp

CONSUMER_KEY = "sandbox-consumer-key"
CONSUMER_SECRET = "not-a-real-consumer-secret"  # noqa: S105 - nobody is let in anywhere else with it
USERNAME = "console@example.org"
OPTIONS = {"consumer_key": CONSUMER_KEY, "username": USERNAME, "batch_size": 200}
SECRETS = {"consumer_secret": CONSUMER_SECRET}
AUDIENCES = {"https://login.salesforce.com", "https://test.salesforce.com"}
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LONGEST_ASSERTION_S = 180
VERSIONS = range(60, 68)
USED, ALL_CALLS = 18, 5000
REACHES_BACK = timedelta(days=30)

org = Org()
end_sessions = org.end_sessions


@require_http_methods(["POST"])
def token(request: HttpRequest) -> HttpResponse:
    """Client credentials in the form, or an assertion; the signature of the latter is not looked at."""
    grants = {"client_credentials": _client_credentials, JWT_BEARER: _assertion}
    grant = grants.get(request.POST.get("grant_type", ""))
    error = grant(request) if grant else ("unsupported_grant_type", "grant type not supported")
    if error:
        return JsonResponse({"error": error[0], "error_description": error[1]}, status=400)
    origin = f"{request.scheme}://{request.META['HTTP_HOST']}"
    return JsonResponse(
        {
            "access_token": org.new_session(),
            "instance_url": origin,
            "id": f"{origin}/id/00DSB0000000001AAA/005SB0000000001AAA",
            "token_type": "Bearer",
            "issued_at": str(int(time.time() * 1000)),
            "signature": "not-a-real-signature",
        }
    )


def _client_credentials(request: HttpRequest) -> tuple[str, str] | None:
    if request.POST.get("client_id") != CONSUMER_KEY:
        return "invalid_client_id", "client identifier invalid"
    if request.POST.get("client_secret") != CONSUMER_SECRET:
        return "invalid_client", "invalid client credentials"
    return None


def _assertion(request: HttpRequest) -> tuple[str, str] | None:
    try:
        whole = jwt.decode_complete(request.POST.get("assertion", ""), options={"verify_signature": False})
    except jwt.PyJWTError:
        return "invalid_grant", "invalid assertion"
    claims = whole["payload"]
    if whole["header"].get("alg") != "RS256" or claims.get("iss") != CONSUMER_KEY:
        return "invalid_client_id", "client identifier invalid"
    if claims.get("aud") not in AUDIENCES:
        return "invalid_grant", "audience is invalid"
    if not time.time() < claims.get("exp", 0) <= time.time() + LONGEST_ASSERTION_S:
        return "invalid_grant", "expired authorization code"
    if claims.get("sub") != USERNAME:
        return "invalid_grant", "user hasn't approved this consumer"
    return None


View = Callable[..., HttpResponse]


def _guarded(view: View) -> View:
    """Only with a session and a version that there is; every answer counts the calls."""

    @functools.wraps(view)
    def answer(request: HttpRequest, version: str, **rest: str) -> HttpResponse:
        try:
            _check_entry(request, version)
            response = view(request, version, **rest)
        except Refused as refused:
            error = [{"message": str(refused), "errorCode": refused.code}]
            response = JsonResponse(error, safe=False, status=refused.status)
        response["Sforce-Limit-Info"] = f"api-usage={USED}/{ALL_CALLS}"
        return response

    return answer


def _check_entry(request: HttpRequest, version: str) -> None:
    if request.headers.get("Authorization", "").removeprefix("Bearer ") not in org.sessions:
        raise Refused(401, "INVALID_SESSION_ID", "Session expired or invalid")
    if version not in {f"v{number}.0" for number in VERSIONS}:
        raise Refused(404, "NOT_FOUND", "The requested resource does not exist")


def versions(request: HttpRequest) -> HttpResponse:
    """Anybody may ask."""
    found = [{"label": f"Release {n}", "url": f"/services/data/v{n}.0", "version": f"{n}.0"} for n in VERSIONS]
    return JsonResponse(found, safe=False)


@_guarded
def limits(request: HttpRequest, version: str) -> HttpResponse:
    """What is left of the calls and of the storage."""
    calls = {"Max": ALL_CALLS, "Remaining": ALL_CALLS - USED}
    return JsonResponse({"DailyApiRequests": calls, "DataStorageMB": {"Max": 5, "Remaining": 5}})


@_guarded
def objects(request: HttpRequest, version: str) -> HttpResponse:
    """What there is; of all that Salesforce says of an object, the little that is needed."""
    known = {"Contact": True, "ContactChangeEvent": False}
    return JsonResponse({"encoding": "UTF-8", "sobjects": [{"name": k, "queryable": v} for k, v in known.items()]})


@_guarded
def query(request: HttpRequest, version: str, resource: str) -> HttpResponse:
    """The first page."""
    if "q" not in request.GET:
        raise Refused(400, "MALFORMED_QUERY", "SOQL statement cannot be empty")
    rows = org.found(request.GET["q"], with_deleted=resource == "queryAll")
    return _page(request, org.keep(rows), 0)


@_guarded
def query_more(request: HttpRequest, version: str, resource: str, cursor: str) -> HttpResponse:
    """A page from a cursor on, while that is kept."""
    locator, _, begin = cursor.partition("-")
    if not begin.isdecimal() or locator not in org.cursors:
        raise Refused(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    return _page(request, locator, int(begin))


def _page(request: HttpRequest, locator: str, begin: int) -> HttpResponse:
    rows, size = org.cursors[locator], _batch_size(request)
    page: dict[str, Any] = {"totalSize": len(rows), "done": begin + size >= len(rows)}
    if not page["done"]:
        resource = re.sub(r"(/query(All)?).*", r"\1", request.path)
        page["nextRecordsUrl"] = f"{resource}/{locator}-{begin + size}"
    return JsonResponse({**page, "records": rows[begin : begin + size]})


def _batch_size(request: HttpRequest) -> int:
    wanted = re.search(r"batchSize=(\d{1,9})", request.headers.get("Sforce-Query-Options", ""))
    return min(max(int(wanted[1]), 200), 2000) if wanted else 2000


@_guarded
def upsert(request: HttpRequest, version: str, sobject: str, name: str, value: str) -> HttpResponse:
    """Create or change a contact."""
    if (request.method, sobject, name) != ("PATCH", "Contact", EXTERNAL):
        raise Refused(404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: " + name)
    try:
        fields = json.loads(request.body)
    except ValueError as error:
        raise Refused(400, "JSON_PARSER_ERROR", "The HTTP entity body is required") from error
    row_id, created = org.upsert(value, fields)
    if not row_id:
        urls = [
            f"/services/data/{version}/sobjects/Contact/{row}" for row in ("003SB0000000007AAA", "003SB0000000008AAA")
        ]
        return JsonResponse(urls, safe=False, status=300)
    told = {"id": row_id, "success": True, "errors": [], "created": created}
    return JsonResponse(told, status=201 if created else 200)


@_guarded
def deleted(request: HttpRequest, version: str, sobject: str) -> HttpResponse:
    """Contacts that were deleted in a span of the last 30 days."""
    start, end = (parse_stamp(request.GET.get(name)) for name in ("start", "end"))
    if sobject != "Contact" or start is None or end is None:
        raise Refused(404, "NOT_FOUND", "The requested resource does not exist")
    now = datetime.now(UTC)
    if start >= end or start < now - REACHES_BACK:
        raise Refused(400, "INVALID_REPLICATION_DATE", "startDate must be before endDate and within 30 days")
    rows = [(deleted_at(row), row["Id"]) for row in org.contacts.copy().values() if row["IsDeleted"]]
    found = [{"deletedDate": _stamp(when), "id": row_id} for when, row_id in rows if start <= when < end]
    return JsonResponse(
        {
            "deletedRecords": found,
            "earliestDateAvailable": _stamp(now - REACHES_BACK),
            "latestDateCovered": _stamp(min(end, now)),
        }
    )


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


DATA = "services/data/<str:version>"
urlpatterns = [
    path("services/oauth2/token", token),
    path("services/data/", versions),
    path(f"{DATA}/limits", limits),
    path(f"{DATA}/sobjects", objects),
    *(path(f"{DATA}/{each}", query, {"resource": each}) for each in ("query", "queryAll")),
    *(path(f"{DATA}/{each}/<str:cursor>", query_more, {"resource": each}) for each in ("query", "queryAll")),
    path(f"{DATA}/sobjects/<str:sobject>/deleted/", deleted),
    path(f"{DATA}/sobjects/<str:sobject>/<str:name>/<path:value>", upsert),
]
