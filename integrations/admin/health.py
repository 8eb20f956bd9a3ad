"""Health checks."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import display

from integrations import formatting
from integrations.admin.base import LogAdmin, trail_link
from integrations.admin.live import LivePanel
from integrations.admin.resources import Exported
from integrations.models import HealthCheck


@admin.register(HealthCheck)
class HealthCheckAdmin(Exported, LivePanel, LogAdmin):
    """Each probe and its result."""

    panel_template = "admin/integrations/healthcheck/panel.html"
    panel_every = "1s"
    list_display = ("asked", "service", "status", "took", "remark", "who")
    list_filter = (("state", ChoicesDropdownFilter), "service", ("created_at", RangeDateTimeFilter))
    list_select_related = ("service", "actor")
    search_fields = ("service__name", "remark")
    fields = ("trigger", "who", "trail")
    readonly_fields = ("who", "trail")
    empty_state = "No service has been checked yet. The worker checks each by itself once it runs."

    def panel_context(self, request: HttpRequest, row: HealthCheck) -> dict[str, Any]:  # noqa: ARG002
        """The calls it made."""
        return {"calls": row.calls.all()}

    @display(description="asked for", ordering="created_at")
    def asked(self, obj: HealthCheck) -> str:
        """When."""
        return formatting.moment(obj.created_at)

    @display(description="result", ordering="state")
    def status(self, obj: HealthCheck) -> SafeString:
        """In colour and words."""
        return formatting.badge(obj.state, obj.get_state_display())

    @display(description="response", ordering="response_time_ms")
    def took(self, obj: HealthCheck) -> str:
        """Time of the probe's call."""
        return formatting.milliseconds(obj.response_time_ms)

    @display(description="by")
    def who(self, obj: HealthCheck) -> str:
        """A person, or what else asked."""
        return str(obj.actor) if obj.actor else obj.get_trigger_display()

    @display(description="trail")
    def trail(self, obj: HealthCheck) -> SafeString:
        """With its calls."""
        return trail_link(obj.correlation_id)
