"""What was copied: essays, properties, records. The source owns them; here they are read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import display

from integrations import formatting
from integrations.admin.base import LogAdmin, code, link, list_link
from integrations.admin.resources import EssayResource, Exported, PropertyResource, RecordResource
from integrations.models import Change, Essay, Property, Record, SyncedModel

ORIGIN = (
    "service_link",
    "external_id",
    "came_with",
    "changed_by",
    "changes",
    "synced",
    "source_modified_at",
    "deleted_at",
)


class SyncedAdmin(Exported, LogAdmin):
    """Where a row comes from is one tab, the same for all."""

    list_filter: tuple[Any, ...] = ("service", ("synced_at", RangeDateTimeFilter))
    list_select_related: tuple[str, ...] = ("service",)
    date_hierarchy = "synced_at"
    ordering = ("-synced_at", "-id")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002
        """Links in place of plain keys."""
        return ("service_link", "came_with", "changed_by", "changes", "synced", "raw")

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
    def changes(self, obj: SyncedModel) -> SafeString:
        """Every run that touched it."""
        return list_link(Change, "Show its changes", model=type(obj).__name__, object_id=obj.pk)

    @display(description="last changed here", ordering="synced_at")
    def synced(self, obj: SyncedModel) -> str:
        """When."""
        return formatting.moment(obj.synced_at)

    @display(description="data")
    def raw(self, obj: Any) -> SafeString:
        """As the source sent it."""
        return code(formatting.pretty(obj.data))


@admin.register(Essay)
class EssayAdmin(SyncedAdmin):
    """Articles and texts."""

    list_display = ("title", "author", "service", "published", "synced")
    not_in_list = ("body",)
    search_fields = ("title", "slug", "external_id")
    fieldsets = (
        (None, {"fields": ("title", "slug", "author", "url", "published_at")}),
        ("Text", {"fields": ("body",), "classes": ["tab"]}),
        ("Origin", {"fields": ORIGIN, "classes": ["tab"]}),
    )
    resource_classes = (EssayResource,)
    empty_state = "No essay has been copied yet. Press “Sync now” on a CMS service."

    @display(description="published", ordering="published_at")
    def published(self, obj: Essay) -> str:
        """At the source."""
        return formatting.moment(obj.published_at)


@admin.register(Property)
class PropertyAdmin(SyncedAdmin):
    """Parcels of land."""

    list_display = ("__str__", "parcel_id", "city", "service", "synced")
    not_in_list = ("data",)
    search_fields = ("parcel_id", "address", "external_id")
    fieldsets = (
        (None, {"fields": ("parcel_id", "address", "city", "postal_code", ("latitude", "longitude"))}),
        ("Data", {"fields": ("raw",), "classes": ["tab"]}),
        ("Origin", {"fields": ORIGIN, "classes": ["tab"]}),
    )
    resource_classes = (PropertyResource,)
    empty_state = "No property has been copied yet. Open a service that offers some and press “Sync now”."


@admin.register(Record)
class RecordAdmin(SyncedAdmin):
    """Whatever has no table of its own."""

    list_display = ("__str__", "external_id", "service", "synced")
    not_in_list = ("data",)
    search_fields = ("title", "external_id")
    fieldsets = (
        (None, {"fields": ("title", "raw")}),
        ("Origin", {"fields": ORIGIN, "classes": ["tab"]}),
    )
    resource_classes = (RecordResource,)
    empty_state = "No record has been copied yet. Open a service that offers some and press “Sync now”."
