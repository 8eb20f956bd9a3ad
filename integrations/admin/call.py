"""The call log: every attempt, good or bad."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import display

from integrations import formatting
from integrations.admin.base import LogAdmin, code, link, list_link
from integrations.models import Call
from integrations.transport.details import Outcome


@admin.register(Call)
class CallAdmin(LogAdmin):
    """Newest first."""

    list_display = ("began", "service_name", "operation", "result", "answer", "took", "attempt", "why")
    list_filter = (
        "service",
        ("outcome", ChoicesDropdownFilter),
        ("trigger", ChoicesDropdownFilter),
        ("started_at", RangeDateTimeFilter),
    )
    list_select_related = ("service", "run__stream__service", "event", "check_row__service", "actor")
    not_in_list = ("event__headers", "event__body")
    search_fields = ("operation", "url", "remote_id")
    date_hierarchy = "started_at"
    fieldsets = (
        (None, {"fields": ("result", "advice", "service_link", "operation", ("method", "status"), "url", "error")}),
        (
            "Timing and size",
            {"fields": (("began", "took"), ("first_byte", "attempts"), ("sent", "received")), "classes": ["tab"]},
        ),
        ("Request", {"fields": ("request_headers", "request_body"), "classes": ["tab"]}),
        ("Answer", {"fields": ("response_headers", "response_body"), "classes": ["tab"]}),
        ("Why", {"fields": ("why", "trail", "remote_id"), "classes": ["tab"]}),
    )
    empty_state = "No call has been made yet. Press “Check now” or “Sync now” on a service."

    def get_readonly_fields(self, request: Any, obj: Call | None = None) -> tuple[str, ...]:  # noqa: ARG002
        """All of them."""
        return (
            *("result", "advice", "service_link", "began", "took", "first_byte", "attempts", "sent", "received"),
            *("request_headers", "request_body", "response_headers", "response_body", "why", "trail"),
        )

    @display(description="started", ordering="started_at")
    def began(self, obj: Call) -> str:
        """When."""
        return formatting.moment(obj.started_at)

    @display(description="service")
    def service_name(self, obj: Call) -> str:
        """Which."""
        return obj.service.name

    @display(description="service")
    def service_link(self, obj: Call) -> SafeString | str:
        """Its page."""
        return link(obj.service)

    @display(description="outcome", ordering="outcome")
    def result(self, obj: Call) -> SafeString:
        """In colour and words."""
        return formatting.badge(obj.outcome, obj.get_outcome_display())

    @display(description="what to do")
    def advice(self, obj: Call) -> str:
        """For a failure."""
        return (Outcome(obj.outcome).advice if obj.outcome in set(Outcome) else "") or "Nothing."

    @display(description="status", ordering="status")
    def answer(self, obj: Call) -> str:
        """HTTP status."""
        return str(obj.status or "–")

    @display(description="duration", ordering="duration_ms")
    def took(self, obj: Call) -> str:
        """From the first byte sent to the last received."""
        return formatting.milliseconds(obj.duration_ms)

    @display(description="first byte after")
    def first_byte(self, obj: Call) -> str:
        """How long the remote thought."""
        return formatting.milliseconds(obj.first_byte_ms)

    @display(description="attempt")
    def attempts(self, obj: Call) -> SafeString:
        """This one, and all of the same request."""
        return list_link(Call, f"{obj.attempt} (show all of this request)", chain=obj.chain)

    @display(description="sent")
    def sent(self, obj: Call) -> str:
        """Bytes of the request's body."""
        return formatting.size(obj.request_bytes)

    @display(description="received")
    def received(self, obj: Call) -> str:
        """Bytes of the answer's body."""
        return formatting.size(obj.response_bytes)

    @display(description="caused by")
    def why(self, obj: Call) -> SafeString | str:
        """The row that asked for it."""
        cause = obj.run or obj.event or obj.check_row
        return link(cause) if cause else str(obj.actor or obj.get_trigger_display())

    @display(description="trail")
    def trail(self, obj: Call) -> SafeString:
        """Calls of the same story."""
        return list_link(Call, str(obj.correlation_id), correlation_id=obj.correlation_id)

    @display(description="headers")
    def request_headers(self, obj: Call) -> SafeString:
        """Redacted."""
        return _kept(obj, "request_headers")

    @display(description="body")
    def request_body(self, obj: Call) -> SafeString:
        """Redacted and cut."""
        return _kept(obj, "request_body")

    @display(description="headers")
    def response_headers(self, obj: Call) -> SafeString:
        """Redacted."""
        return _kept(obj, "response_headers")

    @display(description="body")
    def response_body(self, obj: Call) -> SafeString:
        """Redacted and cut."""
        return _kept(obj, "response_body")


def _kept(call: Call, field: str) -> SafeString:
    body = getattr(call, "body", None)
    if body is None:
        return code(f"Not kept. The service keeps bodies: {call.service.get_body_policy_display().lower()}.")
    return code(formatting.pretty(getattr(body, field)))
