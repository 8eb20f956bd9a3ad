"""Incidents: what failed, since when, what to do, who is at it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import display

from integrations import formatting, ops
from integrations.admin.actions import button, may, verb
from integrations.admin.base import LogAdmin, list_link
from integrations.admin.live import WholePanel
from integrations.admin.reasons import ReasonDialog
from integrations.models import Call, HealthCheck, Incident, SyncRun, WebhookEvent

State, Kind = Incident.State, Incident.Kind


class GoingOnFirst(admin.SimpleListFilter):
    """Those that need somebody, unless others are asked for. Index: incident_by_state."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        """What there is beside those that go on."""
        return [*((state.value, str(state.label)) for state in State), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        """The first is what one sees without asking."""
        first, *others = super().choices(changelist)
        yield {**first, "display": "Going on"}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Incident]) -> QuerySet[Incident]:  # noqa: ARG002
        """Those."""
        if self.value() == "all":
            return queryset
        return queryset.filter(state=self.value()) if self.value() else queryset.filter(state__in=Incident.GOING_ON)


@admin.register(Incident)
class IncidentAdmin(WholePanel, LogAdmin):
    """Failures of one kind, grouped."""

    list_display = ("last", "service", "what", "status", "message", "count", "first")
    list_filter = (GoingOnFirst, "service", ("kind", ChoicesDropdownFilter), ("last_at", RangeDateTimeFilter))
    list_select_related = ("service",)
    search_fields = ("message", "code", "operation")
    panel_template = "admin/integrations/incident/panel.html"
    panel_every = "10s"
    actions_detail = ("acknowledge", "ignore", "watch", "resolve")
    empty_state = "Nothing needs you: no failure goes on. Choose “All” in the filter of states to see what was."

    def is_moving(self, row: Incident) -> bool:
        """While it goes on it is counted."""
        return row.state in Incident.STANDING

    def panel_context(self, request: HttpRequest, row: Incident) -> dict[str, Any]:
        """What it is, what to do, and what may be done now."""
        is_going_on = row.state in Incident.GOING_ON
        end = timezone.now() if is_going_on else row.resolved_at or row.last_at
        return {
            "what": self.what(row),
            "is_going_on": is_going_on,
            "lasted_s": (end - row.first_at).total_seconds(),
            "story": _story(row),
            "to_do": _to_do(row),
            "not_told": _why_nobody_was_told(row),
            "touched": _touched(row),
            "buttons": [button(each, row) for each in self.fitting(request, row)],
        }

    has_decide_permission = may("integrations.change_incident")

    @verb(
        "Acknowledge",
        icon="back_hand",
        permission="decide",
        does="Says that somebody is at it. It goes on being counted, and closes by itself when it works again.",
        form=ReasonDialog,
        fits=lambda incident: incident.state == State.OPEN,
    )
    def acknowledge(self, request: HttpRequest, form: ReasonDialog, object_id: str) -> HttpResponse:
        """Somebody is at it."""
        return self._decide(request, form, object_id, ops.acknowledge, "Acknowledged:")

    @verb(
        "Ignore",
        icon="notifications_off",
        permission="decide",
        does="Counts this failure and shows it to nobody, however often it comes, until somebody presses “Watch again”.",
        main=False,
        form=ReasonDialog,
        fits=lambda incident: incident.state in Incident.GOING_ON,
    )
    def ignore(self, request: HttpRequest, form: ReasonDialog, object_id: str) -> HttpResponse:
        """Trouble nobody."""
        return self._decide(request, form, object_id, ops.ignore, "Ignored from now on:")

    @verb(
        "Watch again",
        icon="notifications_active",
        permission="decide",
        does="Takes “Ignore” back: it is open, and closes by itself when it works again.",
        form=ReasonDialog,
        fits=lambda incident: incident.state == State.IGNORED,
    )
    def watch(self, request: HttpRequest, form: ReasonDialog, object_id: str) -> HttpResponse:
        """The way back."""
        return self._decide(request, form, object_id, ops.watch, "Watched again:")

    @verb(
        "Resolve",
        icon="task_alt",
        permission="decide",
        does="Closes it by hand, for what does not close by itself. If it fails again within 7 days it is opened again.",
        main=False,
        form=ReasonDialog,
        fits=lambda incident: incident.state in Incident.STANDING,
    )
    def resolve(self, request: HttpRequest, form: ReasonDialog, object_id: str) -> HttpResponse:
        """Close it."""
        return self._decide(request, form, object_id, ops.resolve_incident, "Resolved:")

    def _decide(
        self, request: HttpRequest, form: ReasonDialog, object_id: str, decide: Callable[..., Incident], said: str
    ) -> HttpResponse:
        incident, reason = self.found(request, object_id), form.cleaned_data["reason"]
        return self.do(request, incident, lambda: decide(incident, reason, self.person(request)), said)

    @display(description="what", ordering="kind")
    def what(self, obj: Incident) -> str:
        """Kind, operation and code."""
        return f"{obj.get_kind_display()} {obj.operation}".strip() + f" ({obj.code})"

    @display(description="state", ordering="state")
    def status(self, obj: Incident) -> SafeString:
        """In colour and words."""
        return formatting.badge(obj.state, obj.get_state_display())

    @display(description="first seen", ordering="first_at")
    def first(self, obj: Incident) -> str:
        """When."""
        return formatting.moment(obj.first_at)

    @display(description="last seen", ordering="last_at")
    def last(self, obj: Incident) -> str:
        """When."""
        return formatting.moment(obj.last_at)


def _story(incident: Incident) -> list[tuple[datetime, str, str]]:
    """When what happened, and who said what."""
    steps = (
        (incident.first_at, "First seen", ""),
        (incident.mailed_at, "Owner told", incident.service.owner_email),
        (incident.decided_at, incident.decided_by, incident.decision),
        (incident.last_at if incident.count > 1 else None, "Last seen", ""),
        (incident.resolved_at, "Resolved", ""),
    )
    return sorted((at, what, note) for at, what, note in steps if at)


def _to_do(incident: Incident) -> SafeString | str:
    """The next step, with the runbook of the service."""
    if incident.state == State.IGNORED:
        return "Nothing. It is counted and shown to nobody until somebody presses “Watch again”."
    if incident.state == State.RESOLVED:
        return "Nothing: it works again."
    if not incident.service.runbook_url:
        return f"Do what the message says. It closes by itself when {incident.service} works again."
    return format_html(
        'Follow the <a href="{}" class="c-link" rel="noreferrer">runbook</a> of {}. It closes by itself when that '
        "works again.",
        incident.service.runbook_url,
        incident.service,
    )


def _why_nobody_was_told(incident: Incident) -> str:
    if incident.mailed_at:
        return ""
    if not incident.service.owner_email:
        return "Nobody is written to: the service has no owner's e-mail."
    if not settings.EMAIL_HOST:
        return "Nobody is written to: the console knows no mail server (EMAIL_URL)."
    return incident.mail_error or "The owner has not been written to yet."


def _touched(incident: Incident) -> SafeString:
    """The failures themselves."""
    of_service = {"service__id__exact": incident.service_id}
    if incident.kind == Kind.SYNC:
        of_stream = {"stream__service__id__exact": incident.service_id}
        return list_link(SyncRun, "Failed runs", state__exact=SyncRun.State.FAILED, **of_stream)
    if incident.kind == Kind.WEBHOOK:
        return list_link(WebhookEvent, "Deliveries that were given up", state__exact="dead", **of_service)
    if incident.kind == Kind.HEALTH:
        return list_link(HealthCheck, "Checks that failed", state__exact="failed", **of_service)
    return list_link(Call, f"Calls of {incident.service}", **of_service)
