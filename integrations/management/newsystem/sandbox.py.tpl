"""Speaks the part of $label's protocol that the client uses, with its errors."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

SECRETS = {"token": "sandbox-token"}
THINGS = [
    {"id": f"thing-{number}", "name": f"Thing {number}", "changed": "2026-03-05T12:00:00Z"} for number in range(120)
]


def status(request: HttpRequest) -> HttpResponse:
    """Whether it is up, for those it knows."""
    return _refusal(request) or JsonResponse({"message": f"{len(THINGS)} things."})


def things(request: HttpRequest) -> HttpResponse:
    """The list: `limit` and `offset`, `total` and `things`."""
    if refusal := _refusal(request):
        return refusal
    limit, offset = (request.GET.get(name, "") for name in ("limit", "offset"))
    if not (limit.isdecimal() and offset.isdecimal()):
        return JsonResponse({"message": "limit and offset must be numbers"}, status=400)
    return JsonResponse({"total": len(THINGS), "things": THINGS[int(offset) : int(offset) + int(limit)]})


def _refusal(request: HttpRequest) -> HttpResponse | None:
    if request.headers.get("Authorization") == f"Bearer {SECRETS['token']}":
        return None
    return JsonResponse({"message": "Unknown token"}, status=401)


urlpatterns = [path("status", status), path("things", things)]
