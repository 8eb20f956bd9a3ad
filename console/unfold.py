"""Branding and navigation of the admin. Permissions here only hide; the pages refuse by themselves."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse

HOME = "admin:index"
MOST_ON_A_BADGE = 99


def environment(_request: HttpRequest) -> list[str]:
    """The label at the top of every page."""
    tones = {"production": "danger", "staging": "warning", "development": "info"}
    return [settings.ENVIRONMENT.capitalize(), tones[settings.ENVIRONMENT]]


def dead_events(request: HttpRequest) -> str:
    """How many events were given up, beside their place in the sidebar; empty where none was."""
    from integrations import intake  # settings are read before there are models

    if not request.user.has_perm("integrations.view_webhookevent"):
        return ""
    number = intake.number_of("dead", MOST_ON_A_BADGE + 1)
    return f"{MOST_ON_A_BADGE}+" if number > MOST_ON_A_BADGE else str(number or "")


def _place(title: str, icon: str, view: str, permission: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "view": view, "needs": permission, "badge": None}


def _model(title: str, icon: str, name: str, app: str = "integrations") -> dict[str, Any]:
    return _place(title, icon, f"admin:{app}_{name}_changelist", f"{app}.view_{name}")


NAVIGATION: list[dict[str, Any]] = [
    {
        "items": [
            _place("Dashboard", "dashboard", HOME, ""),
            _model("Services", "hub", "service"),
            _place("Latency", "speed", "latency", "integrations.view_call"),
            _model("Incidents", "crisis_alert", "incident"),
        ]
    },
    {
        "title": "What happened",
        "separator": True,
        "items": [
            _model("Calls", "call_made", "call"),
            _model("Sync runs", "sync", "syncrun"),
            {**_model("Webhook events", "webhook", "webhookevent"), "badge": "console.unfold.dead_events"},
            _model("Bulk operations", "playlist_play", "bulkoperation"),
            _model("Refused deliveries", "block", "refuseddelivery"),
            _model("Health checks", "monitor_heart", "healthcheck"),
            _model("Settings changes", "manage_history", "settingschange"),
        ],
    },
    {
        "title": "What we copied",
        "separator": True,
        "items": [
            _model("Streams", "water", "stream"),
            _model("Essays", "article", "essay"),
            _model("Properties", "home_work", "property"),
            _model("Geocoding", "location_on", "geocodebatch"),
            _model("Records", "dataset", "record"),
            _model("Error inbox", "report", "recorderror"),
            _model("Changes", "difference", "change"),
            _model("Media", "image", "mediaattachment"),
        ],
    },
    {
        "title": "Behind the scenes",
        "separator": True,
        "collapsible": True,
        "items": [
            _place("Console", "vital_signs", "vitals", "integrations.view_service"),
            _model("Exports", "download", "export"),
            _model("Queue", "notifications", "ormq", "django_q"),
            _model("Failed tasks", "bug_report", "failure", "django_q"),
            _model("Schedule", "schedule", "schedule", "django_q"),
            _model("Users", "person", "user", "auth"),
            _model("Groups", "group", "group", "auth"),
        ],
    },
]


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Where this person may go. Unfold, given all places with rules, looks up each address four times for a page."""

    def shown(place: dict[str, Any]) -> dict[str, Any]:
        link = reverse(place["view"])
        is_here = request.path == link if place["view"] == HOME else request.path.startswith(link)
        return {**place, "link": link, "active": is_here}

    def may(place: dict[str, Any]) -> bool:
        return not place["needs"] or request.user.has_perm(place["needs"])

    return [{**group, "items": [shown(place) for place in group["items"] if may(place)]} for group in NAVIGATION]


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Operations console",
    "SITE_HEADER": "Operations console",
    "SITE_SYMBOL": "hub",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("console/icon.svg")},
    ],
    "SITE_URL": None,
    "SHOW_VIEW_ON_SITE": False,
    "ENVIRONMENT": "console.unfold.environment",
    "DASHBOARD_CALLBACK": "console.dashboard.context",
    "STYLES": [lambda _request: static("console/console.css")],
    "SCRIPTS": [lambda _request: static("console/console.js")],
    "COMMAND": {"search_callback": "console.palette.found"},
    "SIDEBAR": {"show_search": False, "show_all_applications": False, "navigation": navigation},
    "COLORS": {
        "primary": {
            "50": "oklch(97.5% .013 236)",
            "100": "oklch(94.5% .03 236)",
            "200": "oklch(90% .06 236)",
            "300": "oklch(82.5% .1 236)",
            "400": "oklch(74% .13 238)",
            "500": "oklch(66% .15 241)",
            "600": "oklch(56% .15 245)",
            "700": "oklch(48% .13 247)",
            "800": "oklch(42% .11 248)",
            "900": "oklch(37% .09 250)",
            "950": "oklch(28% .07 252)",
        }
    },
}
