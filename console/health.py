"""Three answers for monitors. None of them talks to an external system.

/livez   the process answers
/readyz  the database answers and the workers are alive
/health/ the stored health of every service
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from integrations import stats


@login_not_required
@require_safe
def livez(_request: HttpRequest) -> HttpResponse:
    """200 as long as the process can answer at all."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@never_cache
@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """200 when database and worker are alive, 503 otherwise."""
    try:
        late = stats.worker_is_late(stats.worker_beat())
        answer = {"database": "ok", "worker": "late" if late else "ok"}
    except DatabaseError:
        answer = {"database": "unreachable", "worker": "unknown"}
    return JsonResponse(answer, status=200 if set(answer.values()) == {"ok"} else 503)


@login_not_required
@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """`{name: {status, response_time_ms, error?}}` for staff and token bearers, the bare status for others.

    200 when every enabled service is healthy, 503 otherwise.
    """
    try:
        found = stats.health()
        details = _may_see_details(request)
    except DatabaseError:
        return JsonResponse({"status": "unhealthy"}, status=503)
    healthy = all(entry["status"] == "healthy" for entry in found.values())
    answer = found if details else {"status": "healthy" if healthy else "unhealthy"}
    return JsonResponse(answer, status=200 if healthy else 503)


def _may_see_details(request: HttpRequest) -> bool:
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    known = bool(settings.HEALTH_TOKEN) and constant_time_compare(token, settings.HEALTH_TOKEN)
    return known or (request.user.is_active and request.user.is_staff)
