"""The error inbox: items that cannot be used, why, what to do, and who decided."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import FieldTextFilter, RangeDateTimeFilter
from unfold.decorators import display
from unfold.forms import BaseDialogForm

from integrations import formatting, ops
from integrations.admin.actions import may, verb
from integrations.admin.base import LogAdmin, code, link
from integrations.admin.chosen import ChosenRows, say
from integrations.admin.reasons import Reason, ReasonDialog
from integrations.admin.record_error_filters import OfStream, OpenFirst
from integrations.models import RecordError

State = RecordError.State
PERMISSION = "integrations.decide_recorderror"
TO_DO = {
    State.OPEN: "Mend the item at the source, or correct the path of this field in the options of {}; then press "
    "“Retry this only”. If nobody needs it, press “Skip for ever”.",
    State.SKIPPED: "Nothing: runs do not count it as failed. “Count again” takes that back.",
    State.RESOLVED: "Nothing: it could be used since, or is no longer at the source.",
}


@admin.register(RecordError)
class RecordErrorAdmin(ChosenRows, LogAdmin):
    """What somebody must look at, with what the source sent."""

    list_display = ("status", "item", "field", "why", "stream", "met", "first_met", "last_met")
    list_display_links = ("item",)
    search_fields = ("external_id", "field", "reason")
    list_filter = (OpenFirst, OfStream, ("field", FieldTextFilter), ("created_at", RangeDateTimeFilter))
    list_select_related = ("stream__service",)
    not_in_list = ("raw",)
    readonly_fields = ("status", "to_do", "item", "stream_link", "first", "last", "run_link", "decided", "sent")
    fieldsets = (
        (None, {"fields": ("status", "to_do", "item", "field", "reason", "stream_link", "decided")}),
        ("What the source sent", {"fields": ("sent",)}),
        ("When", {"fields": ("met", "first", "last", "run_link")}),
    )
    actions_detail = ("retry_this", "skip", "count_again")
    chosen_verbs = {"retry_chosen": PERMISSION, "skip_chosen": PERMISSION, "count_chosen_again": PERMISSION}
    empty_state = "Nothing waits here: every item that was read could be used, or somebody has decided about it."

    has_decide_permission = may(PERMISSION)

    @verb(
        "Retry this only",
        icon="replay",
        permission="decide",
        does="Reads the stream from its beginning until this item comes, and writes nothing else.",
        fits=lambda error: error.state == State.OPEN,
    )
    def retry_this(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Start a run for it."""
        error = self.found(request, object_id)

        def retry() -> list[Any]:
            outcome = ops.retry_errors(_only(error), self.person(request))
            if outcome.refusals:
                raise outcome.refusals[0]
            return outcome.runs

        return self.do(request, error, retry, "Started:")

    @verb(
        "Skip for ever",
        icon="visibility_off",
        permission="decide",
        does="No run counts this item as failed any more, also when it comes changed. If it can be used one day, it is.",
        main=False,
        form=ReasonDialog,
        fits=lambda error: error.state == State.OPEN,
    )
    def skip(self, request: HttpRequest, form: ReasonDialog, object_id: str) -> HttpResponse:
        """Skip it."""
        error, reason = self.found(request, object_id), form.cleaned_data["reason"]

        def skip() -> str:
            return skipped(ops.skip_errors(_only(error), reason, self.person(request)))

        return self.tell(request, error, skip)

    @verb(
        "Count again",
        icon="undo",
        permission="decide",
        does="Takes “Skip for ever” back: the item is open, and runs that cannot use it say so.",
        fits=lambda error: error.state == State.SKIPPED,
    )
    def count_again(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Open it."""
        error = self.found(request, object_id)
        return self.tell(request, error, lambda: opened(ops.count_errors_again(_only(error), self.person(request))))

    @admin.action(description="Retry these only")
    def retry_chosen(self, request: HttpRequest, queryset: QuerySet[RecordError]) -> HttpResponse:
        """Say what that does; then start a run for each stream of them."""
        if not self.is_confirmed(request):
            return self._ask(request, queryset, "Retry these only?")
        return self._decide(request, lambda: say(request, ops.retry_errors(queryset, self.person(request))))

    @admin.action(description="Skip for ever")
    def skip_chosen(self, request: HttpRequest, queryset: QuerySet[RecordError]) -> HttpResponse:
        """Ask why; then skip them."""
        form = Reason(request.POST if self.is_confirmed(request) else None)
        if not form.is_valid():
            return self._ask(request, queryset, "Skip these for ever?", form)
        reason = form.cleaned_data["reason"]
        return self._decide(request, lambda: skipped(ops.skip_errors(queryset, reason, self.person(request))))

    @admin.action(description="Count again")
    def count_chosen_again(self, request: HttpRequest, queryset: QuerySet[RecordError]) -> HttpResponse:
        """Ask; then open them."""
        if not self.is_confirmed(request):
            return self._ask(request, queryset, "Count these again?")
        return self._decide(request, lambda: opened(ops.count_errors_again(queryset, self.person(request))))

    def _ask(
        self, request: HttpRequest, errors: QuerySet[RecordError], title: str, form: Reason | None = None
    ) -> HttpResponse:
        template = "admin/integrations/recorderror/chosen.html"
        return self.ask(request, errors, template, title=title, form=form, errors=errors)

    @staticmethod
    def _decide(request: HttpRequest, decide: Callable[[], str | None]) -> HttpResponse:
        try:
            if said := decide():
                messages.success(request, said)
        except ops.Impossible as reason:
            messages.warning(request, str(reason))
        return HttpResponseRedirect(request.get_full_path())

    @display(description="item", ordering="external_id")
    def item(self, obj: RecordError) -> str:
        """By its id at the source."""
        return obj.external_id or "without an id"

    @display(description="state", ordering="state")
    def status(self, obj: RecordError) -> SafeString:
        """In colour and words."""
        return formatting.badge(obj.state, obj.get_state_display())

    @display(description="what to do")
    def to_do(self, obj: RecordError) -> str:
        """The next step."""
        return TO_DO[State(obj.state)].format(obj.stream.service)

    @display(description="stream")
    def stream_link(self, obj: RecordError) -> SafeString | str:
        """Where it comes from."""
        return link(obj.stream)

    @display(description="last met by")
    def run_link(self, obj: RecordError) -> SafeString | str:
        """The run."""
        return link(obj.run)

    @display(description="reason", ordering="reason")
    def why(self, obj: RecordError) -> SafeString:
        """With room to be read."""
        return format_html('<div class="c-sentence">{}</div>', obj.reason)

    @display(description="first met", ordering="created_at")
    def first_met(self, obj: RecordError) -> SafeString:
        """How long ago."""
        return _aged(obj.created_at)

    @display(description="last met", ordering="met_at")
    def last_met(self, obj: RecordError) -> SafeString:
        """How long ago."""
        return _aged(obj.met_at)

    @display(description="first met")
    def first(self, obj: RecordError) -> str:
        """When."""
        return formatting.moment(obj.created_at)

    @display(description="last met")
    def last(self, obj: RecordError) -> str:
        """When."""
        return formatting.moment(obj.met_at)

    @display(description="decided")
    def decided(self, obj: RecordError) -> SafeString | str:
        """Who, when and why."""
        if not obj.decision:
            return "–"
        who = format_html("{}, {}: ", obj.decided_by, formatting.moment(obj.decided_at)) if obj.decided_by else ""
        return format_html("{}{}", who, obj.decision)

    @display(description="raw")
    def sent(self, obj: RecordError) -> SafeString:
        """As it came last."""
        return code(formatting.pretty(obj.raw))


def _aged(stamp: datetime) -> SafeString:
    """Short, since the list is wide; the exact one on hover and on the item's page."""
    local = f"{timezone.localtime(stamp):%Y-%m-%d %H:%M:%S}"
    return format_html('<time title="{}" class="c-moment">{}</time>', local, formatting.ago(stamp))


def _only(error: RecordError) -> QuerySet[RecordError]:
    return RecordError.objects.filter(pk=error.pk)


def skipped(count: int) -> str:
    """What was done, in a sentence."""
    return f"{count:,} item{'' if count == 1 else 's'} skipped for ever. “Count again” takes that back."


def opened(count: int) -> str:
    """What was done, in a sentence."""
    return f"{count:,} item{'' if count == 1 else 's'} counted again."
