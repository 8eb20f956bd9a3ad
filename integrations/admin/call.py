"""The call log: every attempt, good or bad."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import FieldTextFilter, RangeDateTimeFilter, RelatedDropdownFilter
from unfold.decorators import display
from unfold.forms import BaseDialogForm

from integrations import formatting, ops, repeats
from integrations.admin import curl, waterfall
from integrations.admin.actions import may, verb
from integrations.admin.base import LogAdmin, link
from integrations.admin.call_filters import DurationFilter, OutcomeFilter, StatusFilter, TookFilter, TriggerFilter
from integrations.admin.live import LivePanel
from integrations.admin.resources import Exported
from integrations.admin.syntax import coloured
from integrations.models import Call, CallBody, CallRepeat
from integrations.repeatable import SAFE
from integrations.transport.codes import Code

MOST_ATTEMPTS = 50


@dataclass(frozen=True)
class Side:
    """What one side said, as the page shows it."""

    title: str
    headers: dict[str, str]
    body: SafeString
    size: int
    sha256: str
    truncated: bool


@admin.register(Call)
class CallAdmin(Exported, LivePanel, LogAdmin):
    """Newest first. The page follows a call that is being made again."""

    panel_template = "admin/integrations/call/panel.html"
    panel_every = "1s"
    change_form_outer_before_template = "admin/integrations/call/page.html"
    list_display = ("began", "service_name", "operation", "result", "answer", "took", "attempt", "why")
    list_filter = (
        ("service", RelatedDropdownFilter),
        # By a part of its name. A service has few operations: the newest calls hold some. Index: call_newest
        ("operation", FieldTextFilter),
        ("outcome", OutcomeFilter),
        ("code", OutcomeFilter),
        StatusFilter,
        DurationFilter,
        ("duration_ms", TookFilter),
        ("trigger", TriggerFilter),
        # A span of time. Index: call_newest
        ("started_at", RangeDateTimeFilter),
    )
    list_select_related = ("service", "run__stream__service", "event", "check_row__service", "actor")
    in_list = (  # to read all two hundred takes a tenth of the time of a page
        *("operation", "outcome", "code", "status", "cache", "attempt", "trigger", "started_at", "duration_ms"),
        *("service__name", "run__stream__name", "run__stream__service__name", "actor__username"),
        *("event__event_type", "event__delivery_id", "check_row__service__name"),
    )
    search_fields = ("operation", "url", "remote_id")
    actions_detail = ("call_again",)
    empty_state = "No call has been made yet. Press “Check now” or “Sync now” on a service."

    def get_fieldsets(self, request: HttpRequest, obj: Call | None = None) -> Any:  # noqa: ARG002 - Django's signature
        """None: the templates above say everything."""
        return []

    def is_moving(self, row: Call) -> bool:
        """Whether it is being made again."""
        return row.repeats.filter(state__in=CallRepeat.ACTIVE).exists()

    def panel_context(self, request: HttpRequest, row: Call) -> dict[str, Any]:  # noqa: ARG002 - the base's signature
        """What it came to, why it was made, and what came of making it again."""
        repeat = row.repeats.select_related("actor", "call").first()
        return {
            "advice": Code(row.code).advice if row.code in set(Code) else "",
            "cause": row.run or row.event or row.check_row,
            "repeat": repeat,
            "made": repeat and repeats.made_by(repeat),
        }

    def page_context(self, request: HttpRequest, row: Call) -> dict[str, Any]:  # noqa: ARG002 - the base's signature
        """Timings, attempts, what was said, and the command that says it again."""
        body: CallBody | None = getattr(row, "body", None)
        return {
            "bars": waterfall.bars(row),
            "bar_width": waterfall.WIDTH,
            "timing_remark": waterfall.remark(row),
            "chain": row.attempts[:MOST_ATTEMPTS],
            "sides": _sides(row, body) if body else [],
            "curl": curl.command(row, body) if row.url.startswith("http") else "",
            "curl_remark": curl.remark(row, body),
        }

    has_repeat_permission = may("integrations.repeat_call")

    @verb(
        "Call again",
        icon="replay",
        permission="repeat",
        does="Asks the service the same once more, with the credentials of now. Nothing is changed at the service, "
        "and the answer is shown and recorded, not used.",
        fits=lambda call: call.method in SAFE,
    )
    def call_again(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Have a worker make it once more."""
        call = self.found(request, object_id)
        return self.do(request, call, lambda: ops.repeat(call, self.person(request)), "Started:")

    @display(description="started", ordering="started_at")
    def began(self, obj: Call) -> str:
        """When."""
        return formatting.moment(obj.started_at)

    @display(description="service")
    def service_name(self, obj: Call) -> str:
        """Which."""
        return obj.service.name

    @display(description="outcome", ordering="outcome")
    def result(self, obj: Call) -> SafeString:
        """In colour and words; from the cache, if that is where it came from."""
        came = formatting.badge(obj.outcome, obj.get_code_display())
        if not obj.cache:
            return came
        return format_html('{} <span class="c-faint c-moment">{}</span>', came, obj.get_cache_display())

    @display(description="status", ordering="status")
    def answer(self, obj: Call) -> str:
        """HTTP status."""
        return str(obj.status or "–")

    @display(description="duration", ordering="duration_ms")
    def took(self, obj: Call) -> str:
        """From the first byte sent to the last received."""
        return formatting.milliseconds(obj.duration_ms)

    @display(description="caused by")
    def why(self, obj: Call) -> SafeString | str:
        """The row that asked for it."""
        cause = obj.run or obj.event or obj.check_row
        return link(cause) if cause else str(obj.actor or obj.get_trigger_display())


def _sides(call: Call, body: CallBody) -> list[Side]:
    return [
        Side(
            title=title,
            headers=getattr(body, f"{side}_headers"),
            body=coloured(getattr(body, f"{side}_body"), getattr(body, f"{side}_headers")),
            size=getattr(call, f"{side}_bytes"),
            sha256=getattr(body, f"{side}_sha256"),
            truncated=getattr(body, f"{side}_truncated"),
        )
        for side, title in (("request", "Request"), ("response", "Answer"))
    ]
