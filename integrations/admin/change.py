"""Changes: what was done to rows, a list of its own and the history on the page of each row."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from integrations import formatting
from integrations.admin.base import LogAdmin, link
from integrations.admin.differences import rendered
from integrations.models import Change, SyncedModel
from integrations.sync.engine import synced_model

IN_HISTORY = 10


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
    """What runs created, updated, marked as gone and restored."""

    list_display = ("external_id", "what", "model", "when", "run_link", "who", "row_link")
    list_filter = (("kind", ChoicesDropdownFilter), CopiedTable)
    list_select_related = ("run__stream__service", "actor")
    not_in_list = ("diff", "fields")
    search_fields = ("external_id__exact",)
    search_help_text = "The exact id at the source"
    fields = ("external_id", "what", "model", "when", "run_link", "who", "row_link", "difference")
    readonly_fields = ("what", "when", "run_link", "who", "row_link", "difference")
    empty_state = "No run has changed anything yet."

    @display(description="change", ordering="kind")
    def what(self, obj: Change) -> SafeString:
        """In colour and words."""
        return formatting.badge(obj.kind, obj.in_words)

    @display(description="when", ordering="-id")
    def when(self, obj: Change) -> str:
        """It was written."""
        return formatting.moment(obj.created_at)

    @display(description="by")
    def who(self, obj: Change) -> str:
        """A person, where it was no run."""
        return str(obj.actor or "–")

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
        return rendered(obj)


def history(row: SyncedModel) -> SafeString:
    """The last changes of a row, newest first, each with its run, its time and what differs. Index: change_of_row."""
    changes = Change.objects.filter(model=type(row).__name__, object_id=row.pk)
    newest = list(changes.select_related("run__stream__service", "actor")[: IN_HISTORY + 1])
    context = {
        "row": row,
        "changes": newest[:IN_HISTORY],
        "more": len(newest) > IN_HISTORY,
        "model": type(row).__name__,
    }
    return SafeString(render_to_string("admin/integrations/change/history.html", context))
