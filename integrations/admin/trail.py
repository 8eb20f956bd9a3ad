"""One trail: what belongs together, on one page, to one scale of time."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from integrations import trail
from integrations.admin.waterfall import NARROWEST, WIDTH, Bar

MS = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Line:
    """One row as it is drawn.

    Attributes:
        address: of the row's page, where it has one.
        after_ms: from the beginning of the trail to that of the row.
    """

    step: trail.Step
    address: str
    by: str
    after_ms: float
    took_ms: float
    bars: list[Bar]


def page(request: HttpRequest, correlation_id: uuid.UUID) -> HttpResponse:
    """The time line of a correlation id; who may see the calls may see it."""
    if not request.user.has_perm("integrations.view_call"):
        raise PermissionDenied
    found = trail.of(correlation_id)
    if found is None:
        raise Http404
    context = {
        **admin.site.each_context(request),
        "title": "Trail",
        "trail": found,
        "correlation_id": correlation_id,
        "lines": [_line(step, found) for step in found.steps],
        "bar_width": WIDTH,
        "most_calls": trail.MOST_CALLS,
    }
    return render(request, "admin/trail.html", context)


def _line(step: trail.Step, found: trail.Trail) -> Line:
    address = step.row.get_absolute_url() if hasattr(step.row, "get_absolute_url") else ""
    by = str(getattr(step.row, "actor", None) or "")
    after, took = (step.began - found.began) / MS, (step.ended - step.began) / MS
    return Line(step, address, by, after, took, [_bar(span, found) for span in step.spans])


def _bar(span: trail.Span, found: trail.Trail) -> Bar:
    label, colour, begins, ends = span
    scale = WIDTH / max(found.ms, 1.0)
    width = min(max(NARROWEST, round((ends - begins) / MS * scale)), WIDTH)
    x = min(round((begins - found.began) / MS * scale), WIDTH - width)
    return Bar(label, colour, (ends - begins) / MS, x, width)
