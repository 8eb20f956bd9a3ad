"""The landing page: asks `integrations.stats`, shapes cards and charts; no queries of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from integrations import stats, systems
from integrations.models import Service, SyncRun


@dataclass(frozen=True)
class Card:
    """One service. `chart` is what console.js draws, empty where there were no calls."""

    service: Service
    figures: stats.Figures
    chart: str
    run: SyncRun | None
    failing: int
    syncs: bool
    listens: bool


def context(request: HttpRequest, extra: dict[str, Any]) -> dict[str, Any]:
    """Unfold's DASHBOARD_CALLBACK."""
    return {**extra, **_figures(request)} if _may_see(request) else extra


def live(request: HttpRequest) -> HttpResponse:
    """The figures alone, for htmx."""
    if not _may_see(request):
        raise PermissionDenied
    return render(request, "admin/dashboard_live.html", _figures(request))


def no_such_page(_request: HttpRequest, **_: Any) -> HttpResponse:
    """For addresses that a package brings and the console does not want."""
    raise Http404


def _may_see(request: HttpRequest) -> bool:
    return request.user.has_perm("integrations.view_service")


def _figures(request: HttpRequest) -> dict[str, Any]:
    window = stats.WINDOWS.get(request.GET.get("window", ""), stats.WINDOWS[stats.DEFAULT_WINDOW])
    cards, beat = _cards(window), stats.worker_beat()
    in_use = [card for card in cards if card.service.enabled]
    healthy = sum(card.service.state.health == "healthy" for card in in_use)
    return {
        "window": window,
        "windows": stats.WINDOWS.values(),
        "cards": cards,
        "healthy": healthy,
        "in_use": len(in_use),
        "tone": _tone([card.service.state.health for card in in_use]),
        "calls": sum(card.figures.calls for card in cards),
        "incidents": sum(stats.open_incidents().values()),
        "running": stats.running(),
        "waiting": stats.waiting_work(),
        "beat": beat,
        "worker_late": stats.worker_is_late(beat),
    }


def _tone(healths: list[str]) -> str:
    """Bad as soon as one is, good only when all are."""
    if "unhealthy" in healths:
        return "bad"
    return "good" if healths and set(healths) == {"healthy"} else "calm"


def _cards(window: stats.WindowSpec) -> list[Card]:
    figures, latency = stats.figures_by_service(window), stats.latency_by_service(window)
    runs, failing, known = stats.last_runs(), stats.failing_events(), systems.all_systems()
    return [
        Card(
            service,
            figures.get(service.pk, stats.Figures()),
            _chart(latency.get(service.pk, []), window),
            runs.get(service.pk),
            failing.get(service.pk, 0),
            service.system in known and bool(known[service.system].streams),
            service.system in known and known[service.system].receives_webhooks,
        )
        for service in stats.services()
    ]


def _chart(points: list[stats.Point], window: stats.WindowSpec) -> str:
    """Chart.js' data; the colours are names of CSS variables that console.js looks up."""
    if not points:
        return ""
    form = "%d %b %H:%M" if window.span.days > 1 else "%H:%M"
    by_time = {point.at: point for point in points}
    found = [(at, by_time.get(at)) for at in window.buckets()]
    return json.dumps(
        {
            "labels": [at.strftime(form) for at, _point in found],
            "series": [
                {
                    "label": "p50",
                    "colour": "--c-line-calm",
                    "data": [round(p.p50, 1) if p else None for _at, p in found],
                },
                {
                    "label": "p95",
                    "colour": "--c-line-strong",
                    "data": [round(p.p95, 1) if p else None for _at, p in found],
                },
            ],
        }
    )
