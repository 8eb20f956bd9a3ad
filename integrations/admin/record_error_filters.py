"""Filters of the error inbox."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter

from integrations.models import RecordError, Stream

State = RecordError.State


class OpenFirst(admin.SimpleListFilter):
    """The open ones unless others are asked for. Index: recorderror_inbox."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        """What there is beside the open ones."""
        return [(State.SKIPPED, State.SKIPPED.label), (State.RESOLVED, State.RESOLVED.label), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        """The first is what one sees without asking."""
        first, *others = super().choices(changelist)
        yield {**first, "display": State.OPEN.label}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[RecordError]) -> QuerySet[RecordError]:  # noqa: ARG002
        """Those."""
        return queryset if self.value() == "all" else queryset.filter(state=self.value() or State.OPEN)


class OfStream(DropdownFilter):
    """Whose items; Django's own filter would ask for the service of each stream."""

    title = "stream"
    parameter_name = "stream"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[int, str]]:  # noqa: ARG002 - Django's signature
        """All of them."""
        return [(stream.pk, str(stream)) for stream in Stream.objects.select_related("service")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[RecordError]) -> QuerySet[RecordError]:  # noqa: ARG002
        """Those."""
        return queryset.filter(stream=self.value()) if self.value() else queryset
