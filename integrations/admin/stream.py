"""Streams: what is copied, how often."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.forms import BaseDialogForm

from integrations import formatting, ops
from integrations.admin.actions import may, verb
from integrations.admin.base import ConsoleAdmin, link, list_link
from integrations.models import Stream, SyncRun


@admin.register(Stream)
class StreamAdmin(ConsoleAdmin):
    """Streams come with their service; staff set the schedule."""

    list_display = ("__str__", "enabled", "schedule", "next_run", "last_success", "runs")
    list_filter = ("enabled", "service")
    list_select_related = ("service",)
    search_fields = ("service__name", "name")
    fields = ("service_link", "name", "enabled", "schedule", "next_run", "last_success", "runs")
    readonly_fields = ("service_link", "name", "next_run", "last_success", "runs")
    actions_detail = ("sync_now",)
    empty_state = "A stream appears here with the service whose system offers it. Add a service first."

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        """Its service brings it."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - as above
        """It would come again; switch it off."""
        return False

    has_sync_permission = may("integrations.sync_service")

    @verb(
        "Sync now",
        icon="sync",
        permission="sync",
        does="Reads this stream to its end and copies what is new or changed.",
    )
    def sync_now(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Start a run."""
        stream = self.found(request, object_id)
        return self.do(
            request, stream, lambda: ops.sync(stream, SyncRun.Trigger.STAFF, self.person(request)), "Started:"
        )

    @display(description="service")
    def service_link(self, obj: Stream) -> SafeString | str:
        """Its service."""
        return link(obj.service)

    @display(description="next run", ordering="next_run_at")
    def next_run(self, obj: Stream) -> str:
        """By the schedule."""
        return formatting.moment(obj.next_run_at)

    @display(description="last good sync", ordering="last_success_at")
    def last_success(self, obj: Stream) -> str:
        """When it last read to the end."""
        return formatting.moment(obj.last_success_at)

    @display(description="runs")
    def runs(self, obj: Stream) -> SafeString:
        """The list of its runs."""
        return list_link(SyncRun, "Show runs", stream=obj.pk)
