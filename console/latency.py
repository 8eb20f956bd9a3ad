"""The page “Latency”: how fast and how well services answer, when, and what changed."""

from __future__ import annotations

import csv
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from console import latency_csv
from console.latency_report import Report
from console.latency_view import OUTCOMES, View
from integrations.rollups import reading
from integrations.rollups.writing import MINUTE
from integrations.windows import LAST

WORTH_WAITING_FOR = 1000  # calls that are not rolled up yet


def page(request: HttpRequest) -> HttpResponse:
    """All of it, complete without any script."""
    context = {**admin.site.each_context(request), "title": "Latency", **_context(request)}
    return render(request, "admin/latency.html", context)


def live(request: HttpRequest) -> HttpResponse:
    """The figures alone, for htmx."""
    return render(request, "admin/latency_live.html", _context(request))


def figures(request: HttpRequest, chart: str) -> HttpResponse:
    """What a chart or table shows, as CSV."""
    table = latency_csv.TABLES.get(chart)
    if table is None:
        raise Http404
    response = HttpResponse(
        content_type="text/csv; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{chart}.csv"'}
    )
    csv.writer(response).writerows(table(Report(_view(request))))
    return response


def _view(request: HttpRequest) -> View:
    if not request.user.has_perm("integrations.view_call"):
        raise PermissionDenied
    return View.asked(request.GET.dict())


def _context(request: HttpRequest) -> dict[str, Any]:
    view = _view(request)
    report, backlog = Report(view), reading.backlog()
    return {
        "view": view,
        "report": report,
        "windows": [
            (name, label, view.address(**{"window": name, "from": "", "to": ""})) for name, (label, _) in LAST.items()
        ],
        "outcomes": OUTCOMES,
        "operations": sorted({view.operation, *map(str, report.members)} - {""}) if view.service else [],
        "backlog": backlog if backlog > WORTH_WAITING_FOR else 0,
        "every_s": 10 if view.window.step == MINUTE else 60,
    }
