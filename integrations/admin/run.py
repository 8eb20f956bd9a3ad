"""Sync runs: what each did, and what it could not do."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import display
from unfold.forms import BaseDialogForm

from integrations import forecast, formatting, ops
from integrations.admin import run_panel
from integrations.admin.actions import button, may, verb
from integrations.admin.base import link, trail_link
from integrations.admin.chosen import ChosenRows, Start
from integrations.admin.live import LivePanel
from integrations.admin.plans import Plans, plan_context
from integrations.admin.resources import Exported
from integrations.admin.run_dialogs import MOST_RESTORED, ReasonForm, RestoreForm
from integrations.models import SyncRun

RETRIED = (SyncRun.State.FAILED, SyncRun.State.CANCELLED, SyncRun.State.PARKED)
AGAIN = (SyncRun.Mode.FULL, SyncRun.Mode.INCREMENTAL)


@admin.register(SyncRun)
class SyncRunAdmin(Exported, LivePanel, ChosenRows, Plans):
    """The page follows the run while it works."""

    panel_template = "admin/integrations/syncrun/panel.html"
    panel_every = "1s"
    list_display = (
        "__str__",
        "status",
        "mode",
        "began",
        "took",
        "read",
        "made",
        "altered",
        "same",
        "gone",
        "bad",
        "who",
    )
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("mode", ChoicesDropdownFilter),
        "stream__service",
        ("trigger", ChoicesDropdownFilter),
        ("created_at", RangeDateTimeFilter),
    )
    search_fields = ("stream__name", "stream__service__name", "failure_message")
    not_in_list = ("chosen", "checkpoint", "warnings")
    actions_detail = ("approve", "keep", "retry", "run_again", "cancel", "apply_plan", "restore_marked")
    chosen_verbs = {"retry_chosen": "integrations.retry_syncrun"}
    fields = ("mode", "trigger", "who", "retried", "correlation", "checkpoint", "lease_owner", "lost")
    readonly_fields = ("who", "retried", "correlation")
    empty_state = "Nothing has been synced yet. Open a service and press “Sync now”."

    def get_queryset(self, request: HttpRequest) -> Any:
        """With what its page and its panel name."""
        return super().get_queryset(request).select_related("stream__service", "actor")

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:  # noqa: ARG002 - Unfold's signature
        """None at the top: they stand in the panel, which follows the run."""
        return []

    def panel_context(self, request: HttpRequest, row: SyncRun) -> dict[str, Any]:
        """What hangs on it, and what may be done now; of a preview its plan, which is all it changed."""
        plan = {"changes": [], **plan_context(row)} if row.mode == SyncRun.Mode.PREVIEW else {}
        buttons = [button(each, row) for each in self.fitting(request, row)]
        return {**run_panel.context(row), **plan, "buttons": buttons}

    has_retry_permission = may("integrations.retry_syncrun")

    @verb(
        "Retry",
        icon="replay",
        permission="retry",
        does="Goes on where the run stopped, at once. If the stream was synced or its position forgotten since, the same "
        "is read again from the beginning.",
        fits=lambda run: run.state in RETRIED,
    )
    def retry(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Start it again."""
        run = self.found(request, object_id)
        return self.do(request, run, lambda: ops.retry(run, self.person(request)), "Started:")

    @verb(
        "Run again",
        icon="restart_alt",
        permission="retry",
        does="Starts over: reads from the beginning what this run has read, everything or what changed.",
        main=False,
        fits=lambda run: run.state not in SyncRun.ACTIVE and run.mode in AGAIN,
    )
    def run_again(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Start it from the beginning."""
        run = self.found(request, object_id)
        return self.do(request, run, lambda: ops.run_again(run, self.person(request)), "Started:")

    has_cancel_permission = may("integrations.cancel_syncrun")

    @verb(
        "Cancel run",
        icon="cancel",
        permission="cancel",
        does="Ends the run. What was copied stays, and “Retry” can go on from there.",
        main=False,
        fits=lambda run: run.state in SyncRun.ACTIVE,
    )
    def cancel(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """End it."""
        run = self.found(request, object_id)
        return self.do(request, run, lambda: ops.cancel(run, self.person(request)), "Cancelled:")

    has_decide_permission = may("integrations.decide_syncrun")

    @verb(
        "Approve",
        icon="task_alt",
        permission="decide",
        does="Marks the rows as gone that did not come any more; those that came back meanwhile stay. Nothing is removed.",
        form=ReasonForm,
        fits=lambda run: run.state == SyncRun.State.HELD,
    )
    def approve(self, request: HttpRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        """Mark them."""
        run = self.found(request, object_id)
        reason = form.cleaned_data["reason"]
        return self.do(request, run, lambda: ops.approve(run, reason, self.person(request)), "Approved:")

    @verb(
        "Keep the rows",
        icon="block",
        permission="decide",
        does="Leaves the rows standing that did not come any more. The next run that reads everything asks again.",
        main=False,
        form=ReasonForm,
        fits=lambda run: run.state == SyncRun.State.HELD,
    )
    def keep(self, request: HttpRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        """Leave them."""
        run = self.found(request, object_id)
        reason = form.cleaned_data["reason"]
        return self.do(request, run, lambda: ops.keep(run, reason, self.person(request)), "The rows were kept:")

    @verb(
        "Restore what it marked as gone",
        icon="settings_backup_restore",
        permission="decide",
        does="Takes the mark from the rows that this run marked as gone and that still are. The next run that reads "
        "everything marks them again if they are still missing at the source.",
        main=False,
        form=RestoreForm,
        fits=lambda run: run.deleted > 0 and run.mode != SyncRun.Mode.PREVIEW,
    )
    def restore_marked(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Take the mark away."""
        run = self.found(request, object_id)

        def restore() -> str:
            count = ops.restore_marked(run, self.person(request), MOST_RESTORED)
            return f"{count:,} row{'' if count == 1 else 's'} restored."

        return self.tell(request, run, restore)

    @admin.action(description="Retry")
    def retry_chosen(self, request: HttpRequest, queryset: QuerySet[SyncRun]) -> HttpResponse:
        """Say what that would do; then do it with each."""
        runs = queryset.select_related("stream__service")
        return self.start(request, runs, Start("Retry", "run", forecast.of_retries, ops.retry_each))

    @display(description="state", ordering="state")
    def status(self, obj: SyncRun) -> SafeString:
        """In colour and words."""
        return formatting.badge(obj.state, obj.get_state_display())

    @display(description="asked for", ordering="created_at")
    def began(self, obj: SyncRun) -> str:
        """When somebody or something asked for it."""
        return formatting.moment(obj.created_at)

    @display(description="took")
    def took(self, obj: SyncRun) -> str:
        """From the first claim to the end."""
        if not obj.started_at or not obj.finished_at:
            return "–"
        return formatting.milliseconds((obj.finished_at - obj.started_at).total_seconds() * 1000)

    @display(description="read")
    def read(self, obj: SyncRun) -> str:
        """Items read."""
        return formatting.number(obj.items)

    @display(description="created")
    def made(self, obj: SyncRun) -> str:
        """Rows created."""
        return formatting.number(obj.created)

    @display(description="updated")
    def altered(self, obj: SyncRun) -> str:
        """Rows updated."""
        return formatting.number(obj.updated)

    @display(description="unchanged")
    def same(self, obj: SyncRun) -> str:
        """Rows left alone."""
        return formatting.number(obj.unchanged)

    @display(description="gone")
    def gone(self, obj: SyncRun) -> str:
        """Rows marked as gone from the source."""
        return formatting.number(obj.deleted)

    @display(description="rejected")
    def bad(self, obj: SyncRun) -> str:
        """Items that could not be used."""
        return formatting.number(obj.rejected)

    @display(description="by")
    def who(self, obj: SyncRun) -> str:
        """A person, or what else asked."""
        return str(obj.actor) if obj.actor else obj.get_trigger_display()

    @display(description="retry of")
    def retried(self, obj: SyncRun) -> SafeString | str:
        """The run before."""
        return link(obj.retry_of)

    @display(description="trail")
    def correlation(self, obj: SyncRun) -> SafeString:
        """Calls that belong to the same story."""
        return trail_link(obj.correlation_id)
