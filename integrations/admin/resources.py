"""What may be exported from a list, and how: no secrets, no formulas, no more at once than a request has time for.

The columns are those of `exporting`, which writes any number of rows for a shell.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import EmptyResultSet
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.urls import reverse
from import_export import fields, resources
from import_export.admin import ExportMixin
from import_export.formats.base_formats import CSV, JSON, XLSX
from unfold.contrib.import_export.forms import ExportForm

from integrations import exporting, ops, patience
from integrations.admin.base import is_all
from integrations.cells import escaped
from integrations.models import Call, Essay, HealthCheck, Property, Record, Service, Stream, SyncRun, WebhookEvent

AT_ONCE = 5000  # rows, which a request writes in a few seconds
PATIENCE_S = 10.0  # more than a list has, for a file holds more rows
OF_THE_PAGE = ("p", "o")  # what the address says of a page of the list, and not of its rows


class ForLater(Exception):
    """More rows, or a longer search, than a request has time for."""


class Sheet(XLSX):
    """A workbook, as a shell gets it."""

    def export_data(self, dataset: Any, **_: Any) -> bytes:
        """The file."""
        file = io.BytesIO()
        exporting.workbook(file, dataset.headers, dataset)
        return file.getvalue()


FORMATS = (CSV, JSON, Sheet)
EXPORT = "export_chosen"


class Exported(ExportMixin):
    """An admin whose rows can be exported, as the list is searched and filtered."""

    export_form_class = ExportForm
    formats = FORMATS
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

    def get_export_data(self, file_format: Any, request: HttpRequest, queryset: QuerySet[Any], **kwargs: Any) -> Any:
        """The file.

        Raises:
            ForLater: it takes too long for a request.
        """
        is_sheet = isinstance(file_format, Sheet)  # where numbers are numbers
        try:
            with patience.at_most(PATIENCE_S):
                if queryset[AT_ONCE : AT_ONCE + 1].exists():
                    raise ForLater(file_format.get_extension())
                data = self.get_data_for_export(request, queryset, force_native_type=is_sheet, **kwargs)
        except patience.TookTooLong:
            raise ForLater(file_format.get_extension()) from None
        return file_format.export_data(data)


def _filter(query: QueryDict) -> QueryDict:
    kept = query.copy()
    for name in OF_THE_PAGE:
        kept.pop(name, None)
    return kept


class SafeField(fields.Field):
    """Text that a spreadsheet would run as a formula gets an apostrophe in front."""

    def export(self, instance: Any, **kwargs: Any) -> Any:
        """The cell. Only text can be a formula; a negative longitude is a number and stays one."""
        cell = super().export(instance, **kwargs)
        is_text = isinstance(self.get_value(instance), str) and isinstance(cell, str)
        return escaped(cell) if is_text else cell


class SafeResource(resources.ModelResource):
    """Every field is a SafeField."""

    DEFAULT_RESOURCE_FIELD = SafeField

    def iter_queryset(self, queryset: QuerySet[Any]) -> Iterator[Any]:
        """Only the columns that are written, without the rows they point at."""
        columns = [field.attribute for field in self.fields.values()]
        rows: Iterator[Any] = super().iter_queryset(queryset.select_related(None).only(*columns))
        return rows


def _of(model: type[Model]) -> type[SafeResource]:
    shown = [field.name for field in exporting.columns(model)]
    meta = type("Meta", (), {"model": model, "fields": shown})
    return type(f"{model.__name__}Resource", (SafeResource,), {"Meta": meta})


ServiceResource, StreamResource = _of(Service), _of(Stream)
EssayResource, PropertyResource, RecordResource = _of(Essay), _of(Property), _of(Record)
CallResource, EventResource, RunResource, CheckResource = _of(Call), _of(WebhookEvent), _of(SyncRun), _of(HealthCheck)
