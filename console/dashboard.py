"""The landing page: asks `integrations.stats`, shapes cards and charts; no queries of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from console import charts
from integrations import latency, stats, systems, windows
from integrations.latency import Point, Traffic
from integrations.models import Service, SyncRun
from integrations.windows import Window


@dataclass(frozen=True)
class Card:
    """One service. `chart` is what console.js draws, empty where there were no calls."""

    service: Service
    figures: Traffic
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
    window = Window.last(request.GET.get("window", ""))
    cards, beat = _cards(window), stats.worker_beat()
    in_use = [card for card in cards if card.service.enabled]
    healthy = sum(card.service.state.health == "healthy" for card in in_use)
    return {
        "window": window,
        "windows": windows.LAST,
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


def _cards(window: Window) -> list[Card]:
    figures, points = latency.overview(window)
    runs, failing, known = stats.last_runs(), stats.failing_events(), systems.all_systems()
    return [
        Card(
            service,
            figures.get(service.pk, Traffic()),
            _chart(points.get(service.pk, []), window),
            runs.get(service.pk),
            failing.get(service.pk, 0),
            service.system in known and bool(known[service.system].streams),
            service.system in known and known[service.system].receives_webhooks,
        )
        for service in stats.services()
    ]


def _chart(points: list[Point], window: Window) -> str:
    """What console.js draws."""
    if not points:
        return ""
    by_time = {point.at: point for point in points}
    found = [by_time.get(at) for at in window.points()]
    lines = {
        "p50": ("--c-line-calm", [point.p50 if point else None for point in found]),
        "p95": ("--c-line-strong", [point.p95 if point else None for point in found]),
    }
    return charts.lines(window, lines)
