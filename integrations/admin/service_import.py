"""Services out of a file: choose it, look at what it would do, and have that done."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from unfold.widgets import UnfoldAdminFileFieldWidget

from integrations.admin.actions import may
from integrations.admin.base import ConsoleAdmin
from integrations.importing import reading, services
from integrations.importing.plans import Plan
from integrations.models import SettingsChange

PAGE = "admin/integrations/service/import.html"
CHANGED = "Something was changed meanwhile. Below is what the file would do now; nothing has been done yet."


class FileForm(forms.Form):
    """The file."""

    file = forms.FileField(
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ",".join(f".{n}" for n in reading.FORMATS)})
    )
    rows: list[dict[str, Any]]

    def clean_file(self) -> Any:
        """Refuse what cannot be read, with a sentence."""
        file = self.cleaned_data["file"]
        try:
            self.rows = services.kept(reading.rows(file.name, file.read(reading.LARGEST + 1)))
        except (reading.Unreadable, services.Refused) as reason:
            raise forms.ValidationError(str(reason)) from reason
        return file


class ServiceImport(ConsoleAdmin):
    """A page of the list. Between its two steps the rows stand in the page itself, and no file is left anywhere."""

    import_export_change_list_template = "admin/import_export/change_list_import_export.html"
    has_import_permission = may("integrations.import_service")

    def get_urls(self) -> list[URLPattern]:
        """Before the page of a row, whose pattern takes anything."""
        view = self.admin_site.admin_view(self.import_view)
        return [path("import/", view, name="integrations_service_import"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """With the button, for those who may."""
        may_import = {"has_import_permission": self.has_import_permission(request)}
        return super().changelist_view(request, {**(extra_context or {}), **may_import})

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """The form; then what would be done; then it is done."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        if "rows" in request.POST:
            return self._do(request, _rows(request.POST["rows"]))
        form = FileForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            return self._page(request, form, services.plan(form.rows, self.person(request)), form.rows)
        return self._page(request, form)

    def _do(self, request: HttpRequest, rows: list[dict[str, Any]]) -> HttpResponse:
        person = self.person(request)
        try:
            done = services.apply(rows, person, SettingsChange.How.ADMIN, request.POST.get("shown", ""))
        except services.Changed:
            messages.warning(request, CHANGED)
            return self._page(request, FileForm(), services.plan(rows, person), rows)
        for step in done.steps:
            log = {"new": self.log_addition, "changed": self.log_change}.get(step.kind)
            if log:
                log(request, step.service, "Imported from a file.")
        messages.success(request, done.said)
        return HttpResponseRedirect(reverse("admin:integrations_service_changelist"))

    def _page(
        self,
        request: HttpRequest,
        form: FileForm,
        plan: Plan | None = None,
        rows: list[dict[str, Any]] | None = None,
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "Import services",
            "opts": self.opts,
            "form": form,
            "plan": plan,
            "rows": json.dumps(rows, ensure_ascii=False),
            "most": reading.MOST_ROWS,
        }
        return render(request, PAGE, context)


def _rows(text: str) -> list[dict[str, Any]]:
    """As the page before had them; everything about them is checked again."""
    try:
        found = json.loads(text)
        if isinstance(found, list) and all(isinstance(row, dict) for row in found):
            return services.kept(found)
    except (ValueError, RecursionError, services.Refused):
        pass  # as below
    raise BadRequest("These rows are not those of the page.")
