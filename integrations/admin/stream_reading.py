"""What a stream may read beside its usual sync: a preview, a range of time; and where its position is set by hand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextInputWidget

from integrations import formatting, ops, ranges
from integrations.admin.actions import may, verb
from integrations.admin.base import ConsoleAdmin
from integrations.models import PositionChange, Stream, SyncRun
from integrations.sync import plan

SHOWN = 10


class DayInput(UnfoldAdminTextInputWidget):
    """The browser's own calendar: those of the admin do not work in a dialog."""

    input_type = "date"


class MomentInput(UnfoldAdminTextInputWidget):
    """As `DayInput`, with a time."""

    input_type = "datetime-local"


class RangeForm(BaseDialogForm):
    """Two days, both of them whole."""

    start = forms.DateField(label="From", widget=DayInput())
    end = forms.DateField(label="To, that day included", widget=DayInput())

    def moments(self) -> tuple[datetime, datetime]:
        """The first and the last moment of the range, in the console's zone."""
        return ranges.first_moment(self.cleaned_data["start"]), ranges.last_moment(self.cleaned_data["end"])


class MomentForm(BaseDialogForm):
    """A moment in the console's zone."""

    moment = forms.DateTimeField(
        label="Newest known change", widget=MomentInput(), help_text="In the console's time zone."
    )


class StreamReading(ConsoleAdmin):
    """Verbs of a stream's page, and the history of its position."""

    has_sync_permission = may("integrations.sync_service")

    @verb(
        "Preview sync",
        icon="preview",
        permission="sync",
        does="Reads everything and shows what a sync would create, update, mark as gone and reject. Nothing that was "
        "copied changes. “Apply this plan” on its page then does exactly that.",
        main=False,
    )
    def preview(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Start one."""
        stream, actor = self.found(request, object_id), self.person(request)
        return self.do(request, stream, lambda: ops.preview(stream, SyncRun.Trigger.STAFF, actor), "Started:")

    has_backfill_permission = may("integrations.backfill_stream")

    @verb(
        "Backfill",
        icon="history",
        permission="backfill",
        does="Reads again what changed at the source between two days. The position of the stream stays where it is, "
        "and nothing is marked as gone for not being there.",
        main=False,
        form=RangeForm,
    )
    def backfill(self, request: HttpRequest, form: RangeForm, object_id: str) -> HttpResponse:
        """Start one."""
        stream, actor = self.found(request, object_id), self.person(request)
        trigger, (start, end) = SyncRun.Trigger.STAFF, form.moments()
        return self.do(request, stream, lambda: ops.backfill(stream, trigger, actor, start, end), "Started:")

    has_set_position_permission = may("integrations.set_position_stream")

    @verb(
        "Set position",
        icon="edit_calendar",
        permission="set_position",
        does="The next sync reads what changed since then, less the overlap of the stream. No retry goes on where an "
        "earlier run stopped. Nothing that was copied changes.",
        main=False,
        form=MomentForm,
    )
    def set_position(self, request: HttpRequest, form: MomentForm, object_id: str) -> HttpResponse:
        """Move it."""
        stream, moment = self.found(request, object_id), form.cleaned_data["moment"]

        def move() -> str:
            ops.set_position(stream, moment, self.person(request))
            stream.refresh_from_db()
            return format_html("The position of {} is set. The next sync reads {}.", stream, next_reading(stream))

        return self.tell(request, stream, move)

    @display(description="next sync reads")
    def reads_next(self, obj: Stream) -> SafeString | str:
        """Everything, or what changed."""
        return next_reading(obj)

    @display(description="set by hand")
    def positions(self, obj: Stream) -> SafeString | str:
        """Who set or forgot the newest known change, when, from and to; the newest first."""
        found = obj.position_changes.select_related("actor")[:SHOWN]
        lines = format_html_join("", "<li>{}</li>", ((_told(each),) for each in found))
        return format_html('<ul class="c-list">{}</ul>', lines) if lines else "never"


def next_reading(stream: Stream) -> SafeString | str:
    """What the next sync reads, in words."""
    moment = plan.since(stream)
    return format_html("what changed since {}", formatting.moment(moment)) if moment else "everything"


def _told(change: PositionChange) -> Any:
    before, after = (formatting.moment(each) if each else "nothing" for each in (change.before, change.after))
    who = change.actor or "the command line"
    return format_html("{}: {}, from {} to {}", formatting.moment(change.at), who, before, after)
