"""The landing page: what needs somebody now, every service in a row, what runs; no queries of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from unfold.dataclasses import UnfoldAction

from console import charts
from integrations import latency, needs, stats, systems, uptime, windows
from integrations.admin.actions import button
from integrations.latency import Point, Traffic
from integrations.models import Incident, Service, SyncRun
from integrations.needs import Need
from integrations.systems.base import System
from integrations.uptime import Uptime
from integrations.windows import Window

AT_HAND = ("check_now", "sync_now")  # of a service

Button = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """One service.

    Attributes:
        line: of p95 over the window, what `charts.sparkline` makes; empty where there were no calls.
        remark: why it is unhealthy, where no incident above says it.
        incidents: how many nobody has closed.
    """

    service: Service
    remark: str
    figures: Traffic
    line: list[str]
    uptime: Uptime | None
    run: SyncRun | None
    delivered: Any
    incidents: int
    system: System | None
    buttons: list[Button]


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
    beat = stats.worker_beat()
    waiting = [need for need in needs.now(beat) if _is_told(request, need)]
    rows = _rows(request, window, {need.row for need in waiting if isinstance(need.row, Incident)})
    in_use = [row for row in rows if row.service.enabled]
    return {
        "window": window,
        "windows": windows.LAST,
        "needs": [(need, _verbs(request, need)) for need in waiting],
        "rows": rows,
        "healthy": sum(row.service.state.health == "healthy" for row in in_use),
        "in_use": len(in_use),
        "tone": _tone([row.service.state.health for row in in_use]),
        "calls": sum(row.figures.calls for row in rows),
        "incidents": sum(row.incidents for row in rows),
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


def _is_told(request: HttpRequest, need: Need) -> bool:
    meta = need.model._meta
    return request.user.has_perm(f"{meta.app_label}.view_{meta.model_name}")


def _verbs(request: HttpRequest, need: Need) -> list[Button]:
    """What can be pressed at once."""
    if need.row is None:
        return []
    return _buttons(_admin_of(type(need.row)).fitting(request, need.row), need.verbs, need.row)


def _admin_of(model: type[Model]) -> Any:
    return admin.site.get_model_admin(model)


def _buttons(actions: Iterable[UnfoldAction], names: tuple[str, ...], row: Model) -> list[Button]:
    found = {each.method.original_function_name: button(each, row) for each in actions}
    return [{**found[name], "name": f"{found[name]['name']}_{row.pk}"} for name in names if name in found]


def _rows(request: HttpRequest, window: Window, above: Collection[Incident]) -> list[Row]:
    figures, points = latency.overview(window)
    runs, strips, known = stats.last_runs(), uptime.of_all(), systems.all_systems()
    told = {(incident.service_id, incident.message) for incident in above}
    delivered, incidents, buttons = stats.last_deliveries(), stats.open_incidents(), _at_hand(request)
    return [
        Row(
            service,
            "" if (service.pk, service.state.remark) in told else _remark(service),
            figures.get(service.pk, Traffic()),
            _line(points.get(service.pk, []), window),
            strips.get(service.pk),
            runs.get(service.pk),
            delivered.get(service.pk),
            incidents.get(service.pk, 0),
            known.get(service.system),
            buttons(service) if service.enabled else [],
        )
        for service in stats.services()
    ]


def _remark(service: Service) -> str:
    return service.state.remark if service.enabled and service.state.health == "unhealthy" else ""


def _at_hand(request: HttpRequest) -> Callable[[Service], list[Button]]:
    """Looks once who may do what, however many services there are."""
    permitted, known = _admin_of(Service).permitted(request, ""), systems.all_systems()

    def buttons(service: Service) -> list[Button]:
        syncs = service.system in known and bool(known[service.system].streams)
        return _buttons(permitted, AT_HAND if syncs else AT_HAND[:1], service)

    return buttons


def _line(points: list[Point], window: Window) -> list[str]:
    if not points:
        return []
    by_time = {point.at: point.p95 for point in points}
    return charts.sparkline([by_time.get(at) for at in window.points()])
