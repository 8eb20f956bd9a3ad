"""Streams: what is copied, how often."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.forms import BaseDialogForm

from integrations import forecast, formatting, ops, schedules
from integrations.admin.actions import may, verb
from integrations.admin.base import link, list_link
from integrations.admin.chosen import ChosenRows, Start
from integrations.admin.live import LivePanel
from integrations.admin.resources import Exported
from integrations.admin.stream_reading import StreamReading
from integrations.models import Stream, SyncRun

READING = ("reads_next", "newest_change", "last_full", "positions", "full_every_hours", "lag_seconds")
SHOWN = 5
GUARD = ("guard_percent", "guard_rows")


def _may_run(stream: Stream) -> bool:
    """Whether nobody paused it."""
    return stream.paused_at is None


@admin.register(Stream)
class StreamAdmin(Exported, LivePanel, ChosenRows, StreamReading):
    """Streams come with their service; staff set the schedule."""

    panel_template = "admin/integrations/stream/panel.html"
    panel_every = "5s"
    list_display = ("__str__", "standing", "freshness", "last_result", "next_run", "timetable")
    list_filter = ("enabled", "service")
    search_fields = ("service__name", "name")
    fieldsets = (
        (None, {"fields": ("service_link", "name", "enabled", "schedule", "runs")}),
        ("What is read", {"fields": READING}),
        ("What is gone", {"fields": (GUARD,)}),
        ("What fails", {"fields": ("error_budget_percent",)}),
    )
    readonly_fields = ("service_link", "name", "runs", "reads_next", "newest_change", "last_full", "positions")
    actions_detail = (
        *("sync_now", "sync_everything", "preview", "pause", "resume"),
        {"title": "More", "icon": "more_horiz", "items": ["backfill", "set_position", "forget_position"]},
    )
    chosen_verbs = {"sync_chosen": "integrations.sync_service"}
    empty_state = "A stream appears here with the service whose system offers it. Add a service first."

    def get_queryset(self, request: HttpRequest) -> Any:
        """With the newest run of each."""
        newest = SyncRun.objects.filter(stream=OuterRef("pk")).order_by("-pk")
        last = {"last_run": Subquery(newest.values("pk")[:1]), "last_state": Subquery(newest.values("state")[:1])}
        return super().get_queryset(request).select_related("service").annotate(**last)

    def is_moving(self, row: Stream) -> bool:  # noqa: ARG002 - the base's signature
        """A stream is never finished."""
        return True

    def panel_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:  # noqa: ARG002 - as above
        """How fresh its data is, what comes next, what its last runs came to."""
        return {
            "standing": self.standing(row),
            "freshness": self.freshness(row),
            "put_off": schedules.put_off(row.schedule, row.key) if row.schedule else None,
            "runs": row.runs.select_related("actor")[:SHOWN],
            "is_active": row.last_state in SyncRun.ACTIVE,
        }

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        """Its service brings it."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - as above
        """It would come again; switch it off."""
        return False

    @verb(
        "Sync now",
        icon="sync",
        permission="sync",
        does="Starts from the beginning and copies what is new or changed. Where the source can tell, only what changed "
        "is read. A run that failed goes on with “Retry” on its own page.",
        fits=_may_run,
    )
    def sync_now(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Start a run."""
        stream = self.found(request, object_id)
        return self.do(
            request, stream, lambda: ops.sync(stream, SyncRun.Trigger.STAFF, self.person(request)), "Started:"
        )

    @admin.action(description="Sync")
    def sync_chosen(self, request: HttpRequest, queryset: QuerySet[Stream]) -> HttpResponse:
        """Say what that would do; then start a run of each."""
        streams = queryset.select_related("service")
        begin = partial(ops.sync_each, trigger=SyncRun.Trigger.STAFF)
        return self.start(request, streams, Start("Sync", "stream", forecast.of_syncs, begin))

    has_everything_permission = may("integrations.sync_everything_stream")

    @verb(
        "Sync everything",
        icon="sync_lock",
        permission="everything",
        does="Reads the whole list, changed or not. Rows that do not come any more are marked as gone; "
        "nothing is removed. More of them than the stream's limit wait for somebody to approve it.",
        main=False,
        fits=_may_run,
    )
    def sync_everything(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Start a run that reads everything."""
        stream, actor = self.found(request, object_id), self.person(request)
        return self.do(request, stream, lambda: ops.sync(stream, SyncRun.Trigger.STAFF, actor, full=True), "Started:")

    has_pause_permission = may("integrations.pause_stream")

    @verb(
        "Pause",
        icon="pause",
        permission="pause",
        does="No run of this stream starts until somebody resumes it, and a run under way rests where it is. "
        "Nothing is lost.",
        main=False,
        fits=_may_run,
    )
    def pause(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Let it rest."""
        stream = self.found(request, object_id)

        def rest() -> str:
            ops.pause(stream, self.person(request))
            return f"{stream} is paused. Press “Resume” to go on."

        return self.tell(request, stream, rest)

    @verb(
        "Resume",
        icon="play_arrow",
        permission="pause",
        does="Runs may start again, and one that rests goes on where it stopped.",
        fits=lambda stream: not _may_run(stream),
    )
    def resume(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Let it go on."""
        stream = self.found(request, object_id)

        def go_on() -> str:
            ops.resume(stream, self.person(request))
            return f"{stream} is resumed."

        return self.tell(request, stream, go_on)

    has_forget_permission = may("integrations.forget_position_stream")

    @verb(
        "Forget position",
        icon="restart_alt",
        permission="forget",
        does="Forgets up to where this stream has been read: the next run reads everything, and no retry goes on where "
        "an earlier run stopped. Nothing that was copied changes.",
        main=False,
    )
    def forget_position(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Have the next run begin anew."""
        stream = self.found(request, object_id)

        def forget() -> str:
            ops.forget_position(stream, self.person(request))
            return f"The position of {stream} is forgotten: the next run reads everything."

        return self.tell(request, stream, forget)

    @display(description="newest known change", ordering="watermark")
    def newest_change(self, obj: Stream) -> str:
        """As the source tells the time."""
        return formatting.moment(obj.watermark)

    @display(description="everything last read", ordering="last_full_at")
    def last_full(self, obj: Stream) -> str:
        """When the reading began."""
        return formatting.moment(obj.last_full_at)

    @display(description="service")
    def service_link(self, obj: Stream) -> SafeString | str:
        """Its service."""
        return link(obj.service)

    @display(description="state", ordering="paused_at")
    def standing(self, obj: Stream) -> SafeString:
        """Whether anything may run, and whether a delivery asked for it."""
        if not obj.enabled:
            return formatting.badge("cancelled", "Switched off")
        if obj.paused_at:
            return formatting.badge("paused", f"Paused by {obj.paused_by}")
        if obj.touched_at:
            return formatting.badge("queued", "A delivery asked for a sync")
        return formatting.badge("ok", "On")

    @display(description="data", ordering="last_success_at")
    def freshness(self, obj: Stream) -> SafeString:
        """How old the last good data is; late by the schedule."""
        if obj.last_success_at is None:
            return formatting.badge("unknown", "No good data yet")
        text = f"Good data from {formatting.ago(obj.last_success_at)}"
        return formatting.badge("stale", f"Late: {text.lower()}") if obj.is_late else formatting.badge("ok", text)

    @display(description="last result")
    def last_result(self, obj: Any) -> SafeString | str:
        """What the newest run came to."""
        if obj.last_run is None:
            return "never synced"
        run = SyncRun(pk=obj.last_run, state=obj.last_state)
        return format_html(
            "{} {}", formatting.badge(run.state, run.get_state_display()), link(run, f"Run {obj.last_run}")
        )

    @display(description="next run", ordering="next_run_at")
    def next_run(self, obj: Stream) -> str:
        """By the schedule."""
        return formatting.moment(obj.next_run_at)

    @display(description="schedule", ordering="schedule")
    def timetable(self, obj: Stream) -> str:
        """In words."""
        return obj.timetable

    @display(description="runs")
    def runs(self, obj: Stream) -> SafeString:
        """The list of its runs."""
        return list_link(SyncRun, "Show runs", stream=obj.pk)
