"""Webhook events: what was sent to us, and what became of it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import display
from unfold.forms import BaseDialogForm

from integrations import formatting, ops
from integrations.admin.actions import may, verb
from integrations.admin.base import LivePanel, LogAdmin, code, list_link
from integrations.models import Call, WebhookEvent

SHOWN_BYTES = 256 * 1024


@admin.register(WebhookEvent)
class WebhookEventAdmin(LivePanel, LogAdmin):
    """Newest first; the raw bytes never change."""

    panel_template = "admin/integrations/webhookevent/panel.html"
    list_display = ("received", "service", "event_type", "status", "summary", "tries", "duplicates")
    list_filter = (
        ("state", ChoicesDropdownFilter),
        "service",
        ("received_at", RangeDateTimeFilter),
    )
    list_select_related = ("service",)
    not_in_list = ("headers", "body")
    search_fields = ("delivery_id", "event_type", "summary")
    date_hierarchy = "received_at"
    actions_detail = ("replay",)
    fieldsets = (
        ("Payload", {"fields": ("payload",), "classes": ["tab"]}),
        ("Headers", {"fields": ("sent_headers",), "classes": ["tab"]}),
        ("Trail", {"fields": ("delivery_id", "trail"), "classes": ["tab"]}),
    )
    readonly_fields = ("payload", "sent_headers", "trail")
    empty_state = "Nothing has been received. Give the sender the webhook address shown on the service's page."

    def panel_context(self, request: HttpRequest, row: WebhookEvent) -> dict[str, Any]:  # noqa: ARG002
        """Its attempts."""
        return {"attempts": row.attempts.all(), "size": len(row.body)}

    has_replay_permission = may("integrations.replay_webhookevent")

    @verb(
        "Replay",
        icon="replay",
        permission="replay",
        does="Processes the stored delivery once more. Its signature was checked when it came.",
    )
    def replay(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Process it once more."""
        event = self.found(request, object_id)
        return self.do(request, event, lambda: ops.replay(event, self.person(request)), "Will be processed again:")

    @display(description="received", ordering="received_at")
    def received(self, obj: WebhookEvent) -> str:
        """When."""
        return formatting.moment(obj.received_at)

    @display(description="state", ordering="state")
    def status(self, obj: WebhookEvent) -> SafeString:
        """In colour and words."""
        return formatting.badge(obj.state, obj.get_state_display())

    @display(description="tries")
    def tries(self, obj: WebhookEvent) -> str:
        """Since it came or was last replayed."""
        return str(obj.claims)

    @display(description="body")
    def payload(self, obj: WebhookEvent) -> SafeString:
        """As it came, with one value a line where it is JSON."""
        body = bytes(obj.body)
        text = body[:SHOWN_BYTES].decode("utf-8", "replace")
        cut = f"\n… ({formatting.size(len(body))} in all)" if len(body) > SHOWN_BYTES else ""
        return code(formatting.pretty(text) + cut)

    @display(description="headers")
    def sent_headers(self, obj: WebhookEvent) -> SafeString:
        """As they came."""
        return code("\n".join(f"{name}: {value}" for name, value in sorted(obj.headers.items())))

    @display(description="trail")
    def trail(self, obj: WebhookEvent) -> SafeString:
        """Calls of the same story."""
        return list_link(Call, str(obj.correlation_id), correlation_id=obj.correlation_id)
