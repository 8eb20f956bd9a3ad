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

from integrations import formatting, ops
from integrations.admin.actions import may, verb
from integrations.admin.base import LivePanel, LogAdmin, code, link, list_link
from integrations.models import Call, Change, RecordError, SyncedModel, SyncRun
from integrations.sync.engine import synced_model

SHOWN = 10


@admin.register(SyncRun)
class SyncRunAdmin(LivePanel, LogAdmin):
    """The page follows the run while it works."""

    panel_template = "admin/integrations/syncrun/panel.html"
    panel_every = "1s"
    list_display = ("__str__", "status", "began", "took", "read", "made", "altered", "same", "bad", "who")
    list_filter = (
        ("state", ChoicesDropdownFilter),
        "stream__service",
        ("trigger", ChoicesDropdownFilter),
        ("created_at", RangeDateTimeFilter),
    )
    list_select_related = ("stream__service", "actor")
    search_fields = ("stream__name", "stream__service__name", "failure_message")
    date_hierarchy = "created_at"
    actions_detail = ("retry",)
    fields = ("mode", "trigger", "who", "retried", "correlation", "checkpoint", "lease_owner", "lost")
    readonly_fields = ("who", "retried", "correlation")
    empty_state = "Nothing has been synced yet. Open a service and press “Sync now”."

    def panel_context(self, request: HttpRequest, row: SyncRun) -> dict[str, Any]:  # noqa: ARG002 - the base's signature
        """The counts are on the row; here what hangs on it."""
        return {
            "calls": row.calls.defer("url")[:SHOWN],
            "changes": row.changes.defer("diff")[:SHOWN],
            "errors": row.errors.defer("raw")[:SHOWN],
        }

    has_retry_permission = may("integrations.retry_syncrun")

    @verb(
        "Retry",
        icon="replay",
        permission="retry",
        does="Starts a new run of the same stream from its beginning. What is unchanged is not written again.",
    )
    def retry(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Start it again."""
        run = self.found(request, object_id)
        return self.do(request, run, lambda: ops.retry(run, self.person(request)), "Started:")

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
        return list_link(Call, str(obj.correlation_id), correlation_id=obj.correlation_id)


class CopiedTable(admin.SimpleListFilter):
    """Which table. Django's own filter would read the whole log to learn the few names in it."""

    title = "table"
    parameter_name = "model"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """The tables that runs write."""
        return [(model.__name__, str(model._meta.verbose_name_plural)) for model in SyncedModel.__subclasses__()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Change]) -> QuerySet[Change]:  # noqa: ARG002
        """Its changes."""
        return queryset.filter(model=self.value()) if self.value() else queryset


@admin.register(Change)
class ChangeAdmin(LogAdmin):
    """What runs created and updated."""

    list_display = ("external_id", "what", "model", "run_link", "row_link")
    list_filter = (("kind", ChoicesDropdownFilter), CopiedTable)
    list_select_related = ("run__stream__service",)
    not_in_list = ("diff",)
    search_fields = ("external_id__exact",)
    search_help_text = "The exact id at the source"
    fields = ("external_id", "what", "model", "run_link", "row_link", "difference")
    readonly_fields = ("what", "run_link", "row_link", "difference")
    empty_state = "No run has created or updated anything yet."

    @display(description="change", ordering="kind")
    def what(self, obj: Change) -> SafeString:
        """In colour and words."""
        return formatting.badge(obj.kind, obj.get_kind_display())

    @display(description="run")
    def run_link(self, obj: Change) -> SafeString | str:
        """The run that did it."""
        return link(obj.run)

    @display(description="row")
    def row_link(self, obj: Change) -> SafeString | str:
        """The row it was done to."""
        if obj.object_id is None:
            return "–"
        model: Any = synced_model(obj.model)
        row = model(pk=obj.object_id)  # not read: a list of fifty would read fifty
        return link(row, f"{model._meta.verbose_name} {obj.object_id}".capitalize())

    @display(description="before and after")
    def difference(self, obj: Change) -> SafeString:
        """Each field that differs."""
        return code("\n\n".join(f"{name}\n- {old}\n+ {new}" for name, (old, new) in obj.diff.items()))


@admin.register(RecordError)
class RecordErrorAdmin(LogAdmin):
    """Items that could not be used, with what the source sent."""

    list_display = ("external_id", "field", "reason", "run_link", "seen")
    search_fields = ("external_id", "field", "reason")
    date_hierarchy = "created_at"
    list_filter = (("state", ChoicesDropdownFilter),)
    list_select_related = ("run__stream__service",)
    not_in_list = ("raw",)
    fields = ("external_id", "field", "reason", "run_link", "seen", "sent")
    readonly_fields = ("run_link", "seen", "sent")
    empty_state = "Every item that was read could be used."

    @display(description="run")
    def run_link(self, obj: RecordError) -> SafeString | str:
        """The run that met it."""
        return link(obj.run)

    @display(description="seen", ordering="created_at")
    def seen(self, obj: RecordError) -> str:
        """When."""
        return formatting.moment(obj.created_at)

    @display(description="what the source sent")
    def sent(self, obj: RecordError) -> SafeString:
        """Raw."""
        return code(formatting.pretty(obj.raw))
