"""What may be exported, and how: no secrets, no formulas."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from import_export import fields, resources
from import_export.admin import ExportMixin
from import_export.formats.base_formats import CSV, JSON
from unfold.contrib.import_export.forms import ExportForm

from integrations.cells import escaped
from integrations.models import Essay, Property, Record, Service

FORMATS = (CSV, JSON)


class Exported(ExportMixin):
    """An admin whose rows can be exported, as the list is searched and filtered."""

    export_form_class = ExportForm
    formats = FORMATS

    def export_action(self, request: HttpRequest) -> HttpResponseBase:
        """The form, then the file; an address that makes no sense leads to all rows, as at the list."""
        try:
            answer: HttpResponseBase = super().export_action(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(request.path)
        return answer


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


class ServiceResource(SafeResource):
    """A service without its credentials."""

    class Meta:
        model = Service
        import_id_fields = ("slug",)
        exclude = ("id",)


def _synced(model_class: type) -> type[SafeResource]:
    meta = type("Meta", (), {"model": model_class, "exclude": ("content_hash",)})
    return type(f"{model_class.__name__}Resource", (SafeResource,), {"Meta": meta})


EssayResource, PropertyResource, RecordResource = _synced(Essay), _synced(Property), _synced(Record)
