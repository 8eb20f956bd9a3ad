"""What may be exported from a list, and how: no secrets, no formulas, no more at once than a request has time for.

`exporting` writes the rows, as it does for a shell and for a worker.
"""

from __future__ import annotations

import io
from contextlib import suppress
from functools import cache
from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import EmptyResultSet
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.urls import reverse
from import_export import resources
from import_export.admin import ExportMixin
from import_export.formats.base_formats import CSV, JSON, XLSX
from unfold.contrib.import_export.forms import ExportForm

from integrations import exporting, ops, patience
from integrations.admin.base import is_all

AT_ONCE = 5000  # rows, which a request writes in a few seconds
PATIENCE_S = 10.0  # more than a list has, for a file holds more rows
OF_THE_PAGE = ("p", "o")  # what the address says of a page of the list, and not of its rows


EXPORT = "export_chosen"


class ForLater(Exception):
    """More rows, or a longer search, than a request has time for."""


class Exported(ExportMixin):
    """An admin whose rows can be exported, as the list is searched and filtered."""

    export_form_class = ExportForm
    formats = (CSV, JSON, XLSX)
    of_any_number: tuple[str, ...] = (EXPORT,)

    def export_action(self, request: HttpRequest) -> HttpResponseBase:
        """The form, then the file, or the page of the worker's; an address that makes no sense leads to all rows."""
        try:
            answer: HttpResponseBase = super().export_action(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(request.path)
        except ForLater as form:
            table, query = exporting.name_of(self.model), _filter(request.GET).urlencode()
            return HttpResponseRedirect(ops.export(table, str(form), query, self.person(request)).get_absolute_url())
        return answer

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Beside those of the list, for those who may."""
        mine = {EXPORT: self.get_action(EXPORT)} if self.has_export_permission(request) else {}
        return {**super().get_actions(request), **mine}

    @admin.action(description="Export the chosen rows")
    def export_chosen(self, request: HttpRequest, _chosen: QuerySet[Any]) -> HttpResponseBase:
        """The form, for these; or for all that the list shows."""
        wanted = _filter(request.GET)
        if not is_all(request):
            wanted = QueryDict(mutable=True)
            wanted["pk__in"] = ",".join(request.POST.getlist(ACTION_CHECKBOX_NAME))
        form = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_export", query=wanted)
        return HttpResponseRedirect(form)

    def get_export_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows; dates beyond the calendar are noticed here, and not first while the file is written."""
        rows: QuerySet[Any] = super().get_export_queryset(request)
        try:
            with suppress(EmptyResultSet):
                rows.query.sql_with_params()
        except (OverflowError, ValueError) as nonsense:
            raise IncorrectLookupParameters from nonsense
        return rows

    def get_export_data(self, file_format: Any, request: HttpRequest, queryset: QuerySet[Any], **_: Any) -> bytes:  # noqa: ARG002 - the library's signature
        """The file.

        Raises:
            ForLater: it takes too long for a request.
        """
        form, file = file_format.get_extension(), io.BytesIO()
        try:
            with patience.at_most(PATIENCE_S):
                if queryset[AT_ONCE : AT_ONCE + 1].exists():
                    raise ForLater(form)
                exporting.write(file, form, queryset)
        except patience.TookTooLong:
            raise ForLater(form) from None
        return file.getvalue()

    def get_export_context_data(self, **_: Any) -> dict[str, Any]:
        """For the words of the form."""
        return {"at_once": AT_ONCE}

    def get_export_resource_classes(self, request: HttpRequest) -> list[type[resources.ModelResource]]:  # noqa: ARG002 - the library's signature
        """For the form alone: the rows are written by `exporting`, as for a shell."""
        return [_shown(self.model)]


def _filter(query: QueryDict) -> QueryDict:
    kept = query.copy()
    for name in OF_THE_PAGE:
        kept.pop(name, None)
    return kept


@cache
def _shown(model: type[Model]) -> type[resources.ModelResource]:
    """What the form says of the columns."""
    fields = [field.name for field in exporting.columns(model)]
    return type("Resource", (resources.ModelResource,), {"Meta": type("Meta", (), {"model": model, "fields": fields})})
