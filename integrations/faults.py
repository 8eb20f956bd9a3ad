"""Faults of the sandboxes that can be switched on, so that slowness and refusals can be tried out.

    POST   /_faults/cms/  {"delay_s": 0.5, "status": 503, "headers": {"Retry-After": "20"}, "times": 3}
    DELETE /_faults/cms/

Everything in the JSON may be left out: without `status` the real answer comes, late; without `times`
the fault stays until it is replaced or deleted. They live in the sandbox's memory.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Lock

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

View = Callable[[HttpRequest], HttpResponseBase]


@dataclass(frozen=True)
class Fault:
    """What happens to the next requests of one System."""

    delay_s: float = 0.0
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    times: int | None = None


_faults: dict[str, Fault] = {}
_lock = Lock()


def control(request: HttpRequest, slug: str) -> HttpResponse:
    """Switch the fault of one System on (POST) or off (DELETE)."""
    if request.method == "POST":
        try:
            fault = Fault(**json.loads(request.body or b"{}"))
        except (ValueError, TypeError) as error:
            return JsonResponse({"message": f"This is no fault: {error}."}, status=400)
        with _lock:
            _faults[slug] = fault
    elif request.method == "DELETE":
        with _lock:
            _faults.pop(slug, None)
    else:
        return HttpResponse(status=405, headers={"Allow": "POST, DELETE"})
    return HttpResponse(status=204)


def with_faults(view: View) -> View:
    """The view, behind whatever fault is switched on for the System in the path."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        fault = _take(request.path_info.split("/")[1])
        time.sleep(fault.delay_s)
        return HttpResponse(status=fault.status, headers=fault.headers) if fault.status else view(request)

    return answer


def _take(slug: str) -> Fault:
    """The fault for this request, counted."""
    with _lock:
        fault = _faults.get(slug, Fault())
        if fault.times is not None:
            _faults[slug] = replace(fault, times=fault.times - 1)
        return Fault() if fault.times is not None and fault.times <= 0 else fault
