"""Speaks the part of GitHub's REST API that the client uses.

https://docs.github.com/en/rest/rate-limit/rate-limit
"""

from __future__ import annotations

import time

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

DOCS = "https://docs.github.com/rest"
REVOKED = "revoked"  # the token that is refused, as a real one is after it was revoked


def rate_limit(request: HttpRequest) -> HttpResponse:
    """Anonymous callers have 60 an hour, a token 5,000; a bad token is told so."""
    if "User-Agent" not in request.headers:
        return JsonResponse({"message": "Request forbidden by administrative rules."}, status=403)
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token == REVOKED:
        return JsonResponse({"message": "Bad credentials", "documentation_url": DOCS, "status": "401"}, status=401)
    limit = 5000 if token else 60
    core = {"limit": limit, "remaining": limit - 1, "used": 1, "reset": int(time.time()) + 3600}
    return JsonResponse({"resources": {"core": core}, "rate": core})


urlpatterns = [path("rate_limit", rate_limit)]
