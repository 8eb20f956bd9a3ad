"""Speaks the parts of Umami's and Plausible's APIs that the client uses, with their errors.

Umami 3 is served at the base URL, with keys as in the cloud and with logging in; Umami 2 below `umami2/`;
Plausible at `api/v2/query`. All three tell of the same visits: one every six hours to each page.

https://umami.is/docs/api
https://plausible.io/docs/stats-api
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from threading import Lock
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils import timezone

WEBSITE = "5a4d0b0c-0000-4000-8000-000000000001"
HIDDEN = "5a4d0b0c-0000-4000-8000-000000000002"  # the account may not see it
DOMAIN = "sandbox.example"
USERNAME = "sandbox-user"
OPTIONS = {"site": WEBSITE, "umami_access": "api_key"}
SECRETS = {"api_key": "sandbox-api-key", "password": "sandbox-password"}
BUSY = "sandbox-busy-key"  # the key whose limit is used up

PAGES = ("/", "/about", "/contact/Öffnungszeiten", "/news/2026/01/street-lamps")
EVERY_S = 6 * 3600
METRICS: dict[str, Callable[[Stats], int | None]] = {
    "visitors": lambda stats: stats.visits,
    "pageviews": lambda stats: stats.views,
    "visit_duration": lambda stats: round(stats.total_s / stats.visits) if stats.visits else None,
}

_sessions: set[str] = set()
_lock = Lock()

View = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Stats:
    """What was counted of some pages in a period."""

    views: int = 0
    visits: int = 0
    bounces: int = 0
    total_s: int = 0


def count(pages: tuple[str, ...], first_s: float, last_s: float) -> Stats:
    """Of all visits from one second of the epoch to another, both counted in."""
    slots = range(-int(-first_s // EVERY_S), int(last_s // EVERY_S) + 1)
    numbers = [slot + PAGES.index(page) for page in pages if page in PAGES for slot in slots]
    views = [1 + number % 3 for number in numbers]
    lengths = [40 * (number % 3) for number in numbers]  # who looks once stays for no time that could be measured
    return Stats(sum(views), len(views), views.count(1), sum(lengths))


def end_sessions() -> None:
    """Everybody has to log in again, as after a restart."""
    with _lock:
        _sessions.clear()


def _is_let_in(request: HttpRequest) -> bool:
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    with _lock:
        return token in _sessions or request.headers.get("x-umami-api-key") == SECRETS["api_key"]


def _begin_session(request: HttpRequest) -> str:
    """A token; empty for a wrong account."""
    sent = _json(request)
    if (sent.get("username"), sent.get("password")) != (USERNAME, SECRETS["password"]):
        return ""
    token = secrets.token_hex(32)
    with _lock:
        _sessions.add(token)
    return token


def _json(request: HttpRequest) -> Mapping[str, Any]:
    try:
        sent = json.loads(request.body)
    except ValueError:
        return {}
    return sent if isinstance(sent, dict) else {}


def umami_log_in(request: HttpRequest) -> HttpResponse:
    """Both versions take user and password."""
    if token := _begin_session(request):
        return JsonResponse({"token": token, "user": {"username": USERNAME, "role": "user", "isAdmin": False}})
    return _umami_error(401, "Unauthorized", "incorrect-username-password")


def umami_log_out(request: HttpRequest) -> HttpResponse:
    """The token is no longer good."""
    with _lock:
        _sessions.discard(request.headers.get("Authorization", "").removeprefix("Bearer "))
    return JsonResponse({"ok": True})


def _umami_error(status: int, message: str, code: str, **more: Any) -> HttpResponse:
    return JsonResponse({"error": {"message": message, "code": code, "status": status, **more}}, status=status)


def _for_umami_account(view: View) -> View:
    """Version 3 for those who are let in."""

    def answer(request: HttpRequest, website: str) -> HttpResponse:
        if request.headers.get("x-umami-api-key") == BUSY:
            return _umami_error(429, "Too many requests", "too-many-requests")
        if not _is_let_in(request) or website == HIDDEN:
            return _umami_error(401, "Unauthorized", "unauthorized")
        return view(request, website)

    return answer


@_for_umami_account
def umami_website(request: HttpRequest, website: str) -> HttpResponse:
    """Null for an administrator who asks for what is not there."""
    return JsonResponse(_website(website), safe=False)


@_for_umami_account
def umami_stats(request: HttpRequest, website: str) -> HttpResponse:
    """Zeros where there is no such website; a comma separates paths, an unknown parameter is ignored."""
    if not all(request.GET.get(name, "").isdecimal() for name in ("startAt", "endAt")):
        return _umami_error(400, "Bad request", "bad-request", errors=["Either startAt+endAt must be provided"])
    pages = tuple(request.GET["path"].split(",")) if "path" in request.GET else PAGES
    stats = _of_umami(request, pages) if website == WEBSITE else Stats()
    figures = {"pageviews": stats.views, "visitors": stats.visits, "visits": stats.visits}
    return JsonResponse({**figures, "bounces": stats.bounces, "totaltime": stats.total_s, "comparison": figures})


def umami2_log_in(request: HttpRequest) -> HttpResponse:
    """Refuses in plain text."""
    if token := _begin_session(request):
        return JsonResponse({"token": token, "user": {"username": USERNAME, "role": "user"}})
    return HttpResponse("message.incorrect-username-password", status=401, content_type="text/plain")


def _for_umami2_account(view: View) -> View:
    """Version 2 for those who are let in; it fails where it does not know the website."""

    def answer(request: HttpRequest, website: str) -> HttpResponse:
        if not _is_let_in(request) or website == HIDDEN:
            return HttpResponse("401 Unauthorized", status=401, content_type="text/plain")
        if website != WEBSITE:
            return HttpResponse("<!DOCTYPE html><title>500: Internal Server Error</title>", status=500)
        return view(request, website)

    return answer


@_for_umami2_account
def umami2_website(request: HttpRequest, website: str) -> HttpResponse:
    """The same as in version 3."""
    return JsonResponse(_website(website), safe=False)


@_for_umami2_account
def umami2_stats(request: HttpRequest, website: str) -> HttpResponse:
    """As version 2.10: each figure with its change, visits are not counted."""
    for name in ("startAt", "endAt"):
        if not request.GET.get(name, "").isdecimal():
            return HttpResponse(f"{name} is a required field", status=400, content_type="text/plain")
    stats = _of_umami(request, (request.GET["url"],) if "url" in request.GET else PAGES)
    figures = {"pageviews": stats.views, "uniques": stats.visits, "bounces": stats.bounces, "totaltime": stats.total_s}
    return JsonResponse({name: {"value": value, "change": 0} for name, value in figures.items()})


def _website(website: str) -> Mapping[str, str] | None:
    return {"id": WEBSITE, "name": "Sandbox", "domain": DOMAIN} if website == WEBSITE else None


def _of_umami(request: HttpRequest, pages: tuple[str, ...]) -> Stats:
    return count(pages, int(request.GET["startAt"]) / 1000, int(request.GET["endAt"]) / 1000)


def plausible_query(request: HttpRequest) -> HttpResponse:
    """One row, since no dimensions are asked for; metrics in the order asked."""
    query = _json(request)
    if error := _plausible_refusal(request.headers.get("Authorization", ""), query):
        return error
    try:
        span = _span(query["date_range"])
        pages = _pages(query.get("filters", []))
        metrics = [METRICS[name](count(pages, *span)) for name in query["metrics"]]
    except (KeyError, TypeError, ValueError) as error:
        return _plausible_error(400, f"Invalid query: {error}.")
    return JsonResponse({"results": [{"metrics": metrics, "dimensions": []}], "meta": {}, "query": query})


def _plausible_refusal(header: str, query: Mapping[str, Any]) -> HttpResponse | None:
    if not header.startswith("Bearer "):
        return _plausible_error(401, "Missing API key. Please use a valid Plausible API key as a Bearer Token.")
    if header == f"Bearer {BUSY}":
        return _plausible_error(429, "Too many API requests. Your API key is limited to 600 requests per hour.")
    if header == f"Bearer {SECRETS['api_key']}" and "site_id" not in query:
        return _plausible_error(400, "Missing site ID. Please provide the required site_id parameter.")
    if header != f"Bearer {SECRETS['api_key']}" or query["site_id"] != DOMAIN:
        return _plausible_error(401, "Invalid API key or site ID. Please make sure you're using a valid API key.")
    return None


def _plausible_error(status: int, message: str) -> HttpResponse:
    return JsonResponse({"error": message}, status=status)


def _span(date_range: Any) -> tuple[float, float]:
    """First and last second."""
    if date_range == "day":
        today = timezone.now()
        return datetime.combine(today, time.min, today.tzinfo).timestamp(), today.timestamp()
    first, last = (datetime.fromisoformat(moment).timestamp() for moment in date_range)
    return first, last


def _pages(filters: Any) -> tuple[str, ...]:
    if not filters:
        return PAGES
    ((operator, dimension, values),) = filters
    if (operator, dimension) != ("is", "event:page"):
        raise ValueError("the sandbox filters pages alone")
    return tuple(values)


urlpatterns = [
    path("auth/login", umami_log_in),
    path("auth/logout", umami_log_out),
    path("websites/<str:website>", umami_website),
    path("websites/<str:website>/stats", umami_stats),
    path("umami2/auth/login", umami2_log_in),
    path("umami2/auth/logout", umami_log_out),
    path("umami2/websites/<str:website>", umami2_website),
    path("umami2/websites/<str:website>/stats", umami2_stats),
    path("api/v2/query", plausible_query),
]
