"""What was copied: essays, properties, records. The source owns them; here they are read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import display
from unfold.forms import BaseDialogForm

from integrations import formatting, ops
from integrations.admin import run_panel
from integrations.admin.actions import may, verb
from integrations.admin.base import LogAdmin, code, link
from integrations.admin.change import history
from integrations.admin.geocoding import Geocoding
from integrations.admin.media_subject import WithFiles
from integrations.admin.once import once
from integrations.admin.publishing import Publishing
from integrations.admin.resources import Exported
from integrations.models import Enrichment, Essay, Property, Record, SyncedModel, SyncRun
from integrations.sync import gone

MOST_HELD = 20
LEADS_TO = ("service", "first_run__stream__service", "last_run__stream__service")
ORIGIN = (
    "service_link",
    "external_id",
    "came_with",
    "changed_by",
    "synced",
    "source_modified_at",
    "deleted_at",
)


class AtTheSource(admin.SimpleListFilter):
    """Whether the source still has it."""

    title = "at the source"
    parameter_name = "gone"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """Either."""
        return [("no", "still there"), ("yes", "gone")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[SyncedModel]) -> QuerySet[SyncedModel]:  # noqa: ARG002
        """Those rows."""
        chosen = self.value()
        return queryset.filter(deleted_at__isnull=chosen == "no") if chosen in {"no", "yes"} else queryset


class WouldBeGone(admin.SimpleListFilter):
    """The rows that a run would mark as gone, as long as somebody has yet to decide."""

    title = "would be marked as gone by"
    parameter_name = "missing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """The runs that wait for a decision."""
        held = SyncRun.objects.filter(state=SyncRun.State.HELD).select_related("stream__service")[:MOST_HELD]
        self.runs = {str(run.pk): run for run in held if run_panel.model_of(run) is model_admin.model}
        return [(pk, str(run)) for pk, run in self.runs.items()]

    def has_output(self) -> bool:
        """Also where the run in the address waits no more: then no row fits."""
        return bool(self.runs or self.value())

    def queryset(self, request: HttpRequest, queryset: QuerySet[SyncedModel]) -> QuerySet[SyncedModel]:  # noqa: ARG002
        """Those rows."""
        if not self.value():
            return queryset
        run = self.runs.get(self.value() or "")
        return queryset.filter(pk__in=gone.missing(run, queryset.model).values("pk")) if run else queryset.none()


class SyncedAdmin(Exported, LogAdmin):
    """Where a row comes from is one tab, the same for all."""

    list_filter: tuple[Any, ...] = ("service", AtTheSource, WouldBeGone, ("synced_at", RangeDateTimeFilter))
    list_select_related: tuple[str, ...] = ("service",)
    page_url = ""  # by the row's key, where it has a page of its own
    ordering = ("-synced_at", "-id")
    actions_detail: tuple[str, ...] = ("restore",)

    has_restore_permission = may("integrations.decide_syncrun")

    @verb(
        "Restore",
        icon="settings_backup_restore",
        permission="restore",
        does="Takes the mark from this row that says it is gone from its source. The next run that reads everything sets "
        "it again if the item is still missing there.",
        fits=lambda row: row.deleted_at is not None,
    )
    def restore(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Take the mark away."""
        row = self.found(request, object_id)

        def restored() -> str:
            ops.restore(row, self.person(request))
            return f"{row} is restored."

        return self.tell(request, row, restored)

    def get_queryset(self, request: HttpRequest) -> Any:
        """With what a row's own page leads to; lists say themselves what they show."""
        rows, match = super().get_queryset(request), request.resolver_match
        is_page = match is not None and (match.url_name or "").endswith("_change")
        return rows.select_related(*LEADS_TO) if is_page else rows

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002
        """Links in place of plain keys."""
        return ("service_link", "came_with", "changed_by", "history", "synced", "raw", "page", "readers")

    @display(description="page")
    def page(self, obj: SyncedModel) -> SafeString:
        """Where it is read."""
        return format_html('<a href="{}" class="c-link">Open page</a>', reverse(self.page_url, args=[obj.pk]))

    @display(description="service")
    def service_link(self, obj: SyncedModel) -> SafeString | str:
        """Where it comes from."""
        return link(obj.service)

    @display(description="came with")
    def came_with(self, obj: SyncedModel) -> SafeString | str:
        """The run that brought it."""
        return link(obj.first_run)

    @display(description="last changed by")
    def changed_by(self, obj: SyncedModel) -> SafeString | str:
        """The run that last wrote it."""
        return link(obj.last_run)

    @display(description="changes")
    @once
    def history(self, obj: SyncedModel) -> SafeString:
        """What was done to it, when and by which run."""
        return history(obj)

    @display(description="last changed here", ordering="synced_at")
    def synced(self, obj: SyncedModel) -> str:
        """When."""
        return formatting.moment(obj.synced_at)

    @display(description="at the source", ordering="deleted_at")
    def presence(self, obj: SyncedModel) -> SafeString | str:
        """Since when it is gone."""
        if obj.deleted_at is None:
            return "still there"
        return formatting.badge("deleted", f"Gone from the source {formatting.ago(obj.deleted_at)}")

    @display(description="data")
    def raw(self, obj: Any) -> SafeString:
        """As the source sent it."""
        return code(formatting.pretty(obj.data))


@admin.register(Essay)
class EssayAdmin(WithFiles, Publishing, SyncedAdmin):
    """Articles and texts."""

    list_display = ("title", "author", "service", "published", "synced", "presence", "page")
    page_url = "essay_by_id"
    actions_detail = ("publish", "restore")
    not_in_list = ("body",)
    search_fields = ("title", "slug", "external_id")
    fieldsets = (
        (None, {"fields": ("title", "slug", "author", "url", "cover_url", "published_at", "page", "readers")}),
        ("Text", {"fields": ("body",), "classes": ["tab"]}),
        ("Origin", {"fields": ORIGIN, "classes": ["tab"]}),
        ("Changes", {"fields": ("history",), "classes": ["tab"]}),
    )
    empty_state = "No essay has been copied yet. Press “Sync now” on a CMS service."

    @display(description="published", ordering="published_at")
    def published(self, obj: Essay) -> str:
        """At the source."""
        return formatting.moment(obj.published_at)

    @display(description="readers in 30 days")
    @once
    def readers(self, obj: Essay) -> SafeString | str:
        """What its page was last told by the analytics; nobody is asked here."""
        known = obj.enrichments.filter(kind=Enrichment.Kind.ANALYTICS).first()
        if known is None or known.value is None or known.as_of is None:
            return "–"
        return format_html(
            '{} page views, {} on average <span class="c-faint">· {}</span>',
            formatting.number(known.value["page_views"]),
            formatting.length_of_time(known.value["average_visit_s"]),
            formatting.ago(known.as_of),
        )


@admin.register(Property)
class PropertyAdmin(WithFiles, Geocoding, SyncedAdmin):
    """Parcels of land."""

    list_display = ("__str__", "parcel_id", "city", "service", "synced", "presence", "page")
    page_url = "property"
    not_in_list = ("data",)
    search_fields = ("parcel_id", "address", "external_id")
    fieldsets = (
        (None, {"fields": ("parcel_id", "address", "city", "postal_code", "on_the_map", "page")}),
        ("Data", {"fields": ("raw",), "classes": ["tab"]}),
        ("Origin", {"fields": ORIGIN, "classes": ["tab"]}),
        ("Changes", {"fields": ("history",), "classes": ["tab"]}),
    )
    empty_state = "No property has been copied yet. Open a service that offers some and press “Sync now”."

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """And the place with who says so."""
        return (*super().get_readonly_fields(request, obj), "on_the_map")


@admin.register(Record)
class RecordAdmin(SyncedAdmin):
    """Whatever has no table of its own."""

    list_display = ("__str__", "external_id", "service", "synced", "presence")
    not_in_list = ("data",)
    search_fields = ("title", "external_id")
    fieldsets = (
        (None, {"fields": ("title", "raw")}),
        ("Origin", {"fields": ORIGIN, "classes": ["tab"]}),
        ("Changes", {"fields": ("history",), "classes": ["tab"]}),
    )
    empty_state = "No record has been copied yet. Open a service that offers some and press “Sync now”."
