"""Webhook events: what was sent to us, and what became of it."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import display
from unfold.forms import BaseDialogForm

from integrations import formatting, intake, ops
from integrations.admin.actions import button, may, verb
from integrations.admin.base import LogAdmin, code, trail_link
from integrations.admin.event_bulk import ONE, ManyEvents
from integrations.admin.event_dialogs import WhyForm
from integrations.admin.event_filters import TypeFilter
from integrations.admin.live import LivePanel
from integrations.admin.payload_tree import Tree
from integrations.admin.resources import Exported
from integrations.models import WebhookEvent
from integrations.webhooks import searching

SHOWN_BYTES = 256 * 1024
MOST_ATTEMPTS = 100
MOST_CALLS = 1000
State = WebhookEvent.State


@admin.register(WebhookEvent)
class WebhookEventAdmin(Exported, LivePanel, ManyEvents, LogAdmin):
    """Newest first; the raw bytes never change. New ones appear in the list by themselves."""

    panel_template = "admin/integrations/webhookevent/panel.html"
    list_before_template = "admin/integrations/webhookevent/now_frame.html"
    list_display = ("received", "service", "event_type", "status", "summary", "tries", "duplicates")
    list_filter = (
        ("state", ChoicesDropdownFilter),
        "service",
        TypeFilter,
        # Instead of steps of dates, for which Django would read the whole table. Index: event_newest
        ("received_at", RangeDateTimeFilter),
    )
    list_select_related = ("service",)
    not_in_list = ("headers", "body", "parsed")
    search_fields = ("delivery_id",)
    search_help_text = "Words in id, type, headers and payload, or repository.full_name=acme/site; the newest 10,000."
    actions_detail = ("process", "replay", "cancel")
    fieldsets = (
        ("Payload", {"fields": ("payload_tree", "as_text"), "classes": ["tab"]}),
        ("Headers", {"fields": ("sent_headers",), "classes": ["tab"]}),
        ("Trail", {"fields": ("delivery_id", "trail"), "classes": ["tab"]}),
    )
    readonly_fields = ("payload_tree", "as_text", "sent_headers", "trail")
    empty_state = "Nothing has been received. Give the sender the webhook address shown on the service's page."

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:  # noqa: ARG002
        """Also in what was sent."""
        return searching.found(queryset, search_term), False

    def get_urls(self) -> list[URLPattern]:
        """The figures above the list for htmx, and the body as it came."""
        view = self.admin_site.admin_view
        own = [
            path("now/", view(self.now_view), name="integrations_webhookevent_now"),
            path("<path:object_id>/raw/", view(self.raw_view), name="integrations_webhookevent_raw"),
        ]
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """With the figures filled in, so that the page is complete without any script."""
        return super().changelist_view(request, {**(extra_context or {}), **_now()})

    def now_view(self, request: HttpRequest) -> HttpResponse:
        """What came in the last day, what waits and what was given up."""
        if not self.has_view_permission(request):
            return HttpResponse(status=403)
        return render(request, "admin/integrations/webhookevent/now.html", _now())

    def raw_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The bytes as they came, to be saved and not to be shown."""
        event = self.found(request, object_id)
        headers = {"Content-Disposition": f'attachment; filename="event-{event.pk}.txt"'}
        return HttpResponse(bytes(event.body), content_type="application/octet-stream", headers=headers)

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:  # noqa: ARG002 - Unfold's signature
        """None at the top: they stand in the panel, which follows the event."""
        return []

    def panel_context(self, request: HttpRequest, row: WebhookEvent) -> dict[str, Any]:
        """Its attempts with the calls that were made meanwhile, and what may be done now."""
        attempts = list(row.attempts.order_by("-number")[:MOST_ATTEMPTS])[::-1]
        return {
            "attempts": attempts,
            "calls": len(row.calls.order_by().values_list("pk")[:MOST_CALLS]),
            "size": len(row.body),
            "effects": row.effects.all(),
            "buttons": [button(each, row) for each in self.fitting(request, row)],
        }

    has_replay_permission = may(ONE)

    @verb(
        "Process",
        icon="play_arrow",
        permission="replay",
        does="Processes the delivery that was held back.",
        form=WhyForm,
        fits=lambda event: event.state == State.HELD,
    )
    def process(self, request: HttpRequest, form: WhyForm, object_id: str) -> HttpResponse:
        """Process it after all."""
        return self._again(request, form, object_id, "Will be processed:")

    @verb(
        "Replay",
        icon="replay",
        permission="replay",
        does="Processes the stored delivery once more. Its signature was checked when it came.",
        form=WhyForm,
        fits=lambda event: event.state in WebhookEvent.ENDED,
    )
    def replay(self, request: HttpRequest, form: WhyForm, object_id: str) -> HttpResponse:
        """Process it once more."""
        return self._again(request, form, object_id, "Will be processed again:")

    def _again(self, request: HttpRequest, form: WhyForm, object_id: str, said: str) -> HttpResponse:
        event, reason = self.found(request, object_id), form.cleaned_data["reason"]
        return self.do(request, event, lambda: ops.replay(event, self.person(request), reason), said)

    @verb(
        "Cancel event",
        icon="cancel",
        permission="replay",
        does="This delivery is not processed. It stays, and can be replayed.",
        main=False,
        fits=lambda event: event.state in WebhookEvent.PENDING,
    )
    def cancel(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Let it be."""
        event = self.found(request, object_id)
        return self.do(request, event, lambda: ops.cancel_event(event, self.person(request)), "Cancelled:")

    @display(description="received", ordering="received_at")
    def received(self, obj: WebhookEvent) -> str:
        """When."""
        return formatting.moment(obj.received_at)

    @display(description="state", ordering="state")
    def status(self, obj: WebhookEvent) -> SafeString:
        """In colour and words."""
        why = f": {obj.get_held_because_display()}" if obj.state == State.HELD and obj.held_because else ""
        return formatting.badge(obj.state, f"{obj.get_state_display()}{why}")

    @display(description="tries")
    def tries(self, obj: WebhookEvent) -> str:
        """Since it came or was last replayed."""
        return str(obj.claims)

    @display(description="body")
    def payload_tree(self, obj: WebhookEvent) -> SafeString:
        """What is in it, to be opened bit by bit; with the bytes to be saved."""
        size, raw = len(obj.body), reverse("admin:integrations_webhookevent_raw", args=[obj.pk])
        download = format_html(
            '<a class="c-link" href="{}" download>Download as it came ({})</a>', raw, formatting.size(size)
        )
        if size > SHOWN_BYTES:
            return format_html('<p class="c-faint">Too large to be shown as a tree.</p> {}', download)
        try:
            tree = Tree().drawn(obj.parsed if obj.parsed is not None else json.loads(bytes(obj.body)))
        except (ValueError, RecursionError):
            return format_html('<p class="c-faint">No JSON, or nested too deep for a tree.</p> {}', download)
        return format_html('<div class="c-tree">{}</div> {}', tree, download)

    @display(description="as text")
    def as_text(self, obj: WebhookEvent) -> SafeString:
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
        return trail_link(obj.correlation_id)


def _now() -> dict[str, Any]:
    return {
        "hours": intake.by_hour(),
        "oldest": intake.oldest_waiting(),
        "most": intake.MOST_COUNTED,
        "numbers": [(state, state.label, intake.number_of(state)) for state in intake.WAITING],
    }
