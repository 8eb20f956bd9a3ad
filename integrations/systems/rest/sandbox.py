"""A list of street trees that can be read in every way REST APIs have, with the errors they have.

`/<way>/trees` wants one of the accounts below, `/open/<way>/trees` none. Ways are those of the option “Pagination”.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.urls import path

from integrations.systems.stamps import parse_moment

TOKEN = "sandbox-token-of-the-trees"  # noqa: S105 - lets nobody in anywhere else
USERNAME, PASSWORD = "gardener", "not-a-real-password"
CLIENT_ID, CLIENT_SECRET = "sandbox-client", "not-a-real-client-secret"
OPTIONS = {
    "sign_in": "bearer",
    "resource_path": "/offset/trees",
    "total_path": "total",
    "since_parameter": "updated_since",
    "id_path": "id",
    "modified_path": "updated_at",
    "title_path": "species.name",
    "body_path": "notes",
    "url_path": "links.self",
    "published_path": "planted",
    "parcel_path": "site.parcel",
    "address_path": "site.address",
    "city_path": "site.city",
    "latitude_path": "site.point",
    "longitude_path": "site.point",
    "username": USERNAME,
    "client_id": CLIENT_ID,
}
SECRETS = {"token": TOKEN, "password": PASSWORD, "client_secret": CLIENT_SECRET}

TREES = 95
DEFAULT_LIMIT, LARGEST_LIMIT = 20, 50
BEGAN = datetime(2026, 2, 1, 6, tzinfo=UTC)
KINDS = ("Lime", "Plane", "Hornbeam", "Field maple", "Cherry", "Sweetgum", "Rowan")
STREETS = ("Mill Lane", "Harbour Road", "Orchard Street", "Station Square")

sessions: set[str] = set()  # tokens that were given out


class Refused(Exception):
    """An error as this API tells it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def tree(number: int) -> dict[str, Any]:
    """The same one every time; a higher number was changed later."""
    planted = BEGAN - timedelta(days=30 * number)
    return {
        "id": f"tree-{number:03}",
        "species": {"name": KINDS[number % len(KINDS)], "native": number % 3 == 0},
        "notes": f"Pruned in week {number % 52 + 1}; no complaints.",
        "planted": planted.date().isoformat(),
        "updated_at": (BEGAN + timedelta(hours=number)).isoformat().replace("+00:00", "Z"),
        "links": {"self": f"https://trees.example/{number}"},
        "site": {
            "parcel": f"08-{number:05}",
            "address": f"{number} {STREETS[number % len(STREETS)]}",
            "city": "Ulm",
            "point": {"type": "Point", "coordinates": [round(9.98 + number / 1000, 6), round(48.4 - number / 2000, 6)]},
        },
    }


def _whole(query: QueryDict, name: str, default: int, most: int = 10**6) -> int:
    text = query.get(name, str(default))
    if not text.isdecimal() or int(text) > most:
        raise Refused(422, f"{name} must be a whole number up to {most}")
    return int(text)


def _limit(query: QueryDict) -> int:
    return _whole(query, "limit", DEFAULT_LIMIT, LARGEST_LIMIT)


def _chosen(query: QueryDict) -> list[dict[str, Any]]:
    """What changed at or after a moment, in ISO 8601 or as a count; all without one."""
    trees = [tree(number) for number in range(1, TREES + 1)]
    if "updated_since" not in query:
        return trees
    since = parse_moment(query["updated_since"])
    if since is None:
        raise Refused(422, "updated_since must be a moment")
    return [each for each in trees if datetime.fromisoformat(each["updated_at"]) >= since]


def _offset(trees: Sequence[Any], request: HttpRequest) -> HttpResponse:
    begin, limit = _whole(request.GET, "offset", 0), _limit(request.GET)
    return JsonResponse({"total": len(trees), "offset": begin, "items": trees[begin : begin + limit]})


def _page(trees: Sequence[Any], request: HttpRequest) -> HttpResponse:
    page, limit = _whole(request.GET, "page", 1), _limit(request.GET)
    found = trees[(page - 1) * limit : page * limit] if page else []
    if not found:
        raise Refused(404, "Invalid page.")
    return JsonResponse({"meta": {"page": page, "limit": limit}, "data": found})


def _cursor(trees: Sequence[Any], request: HttpRequest) -> HttpResponse:
    begin, limit = _begin(request.GET.get("cursor", "")), _limit(request.GET)
    more = begin + limit < len(trees)
    return JsonResponse(
        {"records": trees[begin : begin + limit], "next_cursor": _opaque(begin + limit) if more else None}
    )


def _opaque(begin: int) -> str:
    return base64.urlsafe_b64encode(f"after {begin}".encode()).decode()


def _begin(cursor: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(cursor).removeprefix(b"after ") or 0)
    except ValueError as error:
        raise Refused(422, "cursor is not one of ours") from error


def _linked(trees: Sequence[Any], request: HttpRequest) -> tuple[Sequence[Any], str]:
    """One page, and the address of the next, which repeats whatever was asked, an API key too."""
    page, limit = _whole(request.GET, "page", 1) or 1, _limit(request.GET)
    more = page * limit < len(trees)
    query = urlencode({**request.GET.dict(), "page": page + 1})
    return trees[(page - 1) * limit : page * limit], request.build_absolute_uri(f"?{query}") if more else ""


def _link(trees: Sequence[Any], request: HttpRequest) -> HttpResponse:
    found, following = _linked(trees, request)
    return JsonResponse(found, safe=False, headers={"Link": f'<{following}>; rel="next"'} if following else {})


def _next_url(trees: Sequence[Any], request: HttpRequest) -> HttpResponse:
    found, following = _linked(trees, request)
    return JsonResponse({"count": len(trees), "next": following or None, "previous": None, "results": found})


def _none(trees: Sequence[Any], request: HttpRequest) -> HttpResponse:
    return JsonResponse(trees, safe=False)


WAYS: Mapping[str, Callable[[Sequence[Any], HttpRequest], HttpResponse]] = {
    "offset": _offset,
    "page": _page,
    "cursor": _cursor,
    "link": _link,
    "next_url": _next_url,
    "none": _none,
}


def trees(request: HttpRequest, way: str) -> HttpResponse:
    """The list in one of the ways, for those who are let in."""
    if not _is_let_in(request):
        return _refuse(Refused(401, "Sign in first."))
    return open_trees(request, way)


def open_trees(request: HttpRequest, way: str) -> HttpResponse:
    """The same for everybody."""
    if way not in WAYS:
        return _refuse(Refused(404, "No such list."))
    try:
        return WAYS[way](_chosen(request.GET), request)
    except Refused as refused:
        return _refuse(refused)


def _refuse(refused: Refused) -> HttpResponse:
    return JsonResponse({"error": {"message": str(refused)}}, status=refused.status)


def _is_let_in(request: HttpRequest) -> bool:
    authorization, key = request.headers.get("Authorization", ""), request.headers.get("X-API-Key", "")
    scheme, _, token = authorization.partition(" ")
    if scheme == "Basic":
        return authorization == _basic(USERNAME, PASSWORD)
    given = {token if scheme in {"Bearer", "Token"} else "", key, request.GET.get("api_key", "")}
    return bool(given & {TOKEN, *sessions})


def _basic(username: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}"


def oauth_token(request: HttpRequest) -> HttpResponse:
    """Client credentials, with Basic or in the form: https://www.rfc-editor.org/rfc/rfc6749#section-4.4."""
    in_form = (request.POST.get("client_id"), request.POST.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)
    if not in_form and request.headers.get("Authorization") != _basic(CLIENT_ID, CLIENT_SECRET):
        return JsonResponse({"error": "invalid_client"}, status=401)
    if request.POST.get("grant_type") != "client_credentials":
        return JsonResponse({"error": "unsupported_grant_type"}, status=400)
    return JsonResponse({"access_token": _new_session(), "token_type": "Bearer", "expires_in": 3600})


def log_in(request: HttpRequest) -> HttpResponse:
    """User and password as JSON for a token."""
    given = json.loads(request.body or b"{}")
    if (given.get("username"), given.get("password")) != (USERNAME, PASSWORD):
        return _refuse(Refused(401, "Wrong user or password."))
    return JsonResponse({"user": {"name": USERNAME}, "jwt": _new_session()})


def _new_session() -> str:
    token = secrets.token_urlsafe(24)
    sessions.add(token)
    return token


def login_page(request: HttpRequest) -> HttpResponse:
    """What a portal says to those it does not know: a page for people, and that all is well."""
    return HttpResponse("<!doctype html><title>Sign in</title><form><input name=user></form>")


urlpatterns = [
    path("oauth/token", oauth_token),
    path("log-in", log_in),
    path("portal/trees", login_page),
    path("open/<slug:way>/trees", open_trees),
    path("<slug:way>/trees", trees),
]
