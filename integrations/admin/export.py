"""Exports that a worker makes: how far they are, and their files for those who asked for them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    QueryDict,
    StreamingHttpResponse,
)
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.forms import BaseDialogForm

from integrations import exporting, exports, formatting, ops
from integrations.admin.actions import button, may, verb
from integrations.admin.base import LogAdmin
from integrations.admin.live import WholePanel
from integrations.models import Export

TYPES = {"csv": "text/csv", "json": "application/json", exporting.WORKBOOK: "application/octet-stream"}
FILE_IS_GONE = "The file is no longer in the storage. Export the rows again."


@admin.register(Export)
class ExportAdmin(WholePanel, LogAdmin):
    """The page follows an export while it is being made."""

    panel_template = "admin/integrations/export/panel.html"
    panel_every = "1s"
    list_display = ("__str__", "status", "rows", "form", "actor_name", "began")
    list_filter = (("state", ChoicesDropdownFilter),)
    search_fields = ("actor_name", "table")
    actions_detail = ("cancel",)
    empty_state = "No export was too large to be made at once. Filter a list and press “Export” there."

    def get_urls(self) -> list[URLPattern]:
        """The file too."""
        view = self.admin_site.admin_view(self.download_view)
        return [path("<path:object_id>/download/", view, name="integrations_export_download"), *super().get_urls()]

    def panel_context(self, request: HttpRequest, row: Export) -> dict[str, Any]:
        """Of which rows it is, and whether this person may have it."""
        meta = exporting.TABLES[row.table]._meta
        rows_href = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist", query=QueryDict(row.query))
        return {
            "status": self.status(row),
            "rows_href": rows_href,
            "filters": [(name, value) for name, values in QueryDict(row.query).lists() for value in values],
            "is_theirs": request.user.pk == row.actor_id,
            "buttons": [button(each, row) for each in self.fitting(request, row)],
        }

    def download_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """For who asked for it alone, and only while that person may export such rows."""
        row = self.found(request, object_id)
        listed: Any = self.admin_site.get_model_admin(exporting.TABLES[row.table])
        if row.actor_id != request.user.pk or not row.is_ready or not listed.has_export_permission(request):
            raise Http404
        try:
            chunks = exports.chunks(row)
        except OSError:
            messages.warning(request, FILE_IS_GONE)
            return HttpResponseRedirect(row.get_absolute_url())
        name = f"{row.table}-{row.created_at:%Y-%m-%d}-{row.pk}.{row.form}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(row.size)}
        private = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        return StreamingHttpResponse(chunks, content_type=TYPES[row.form], headers={**headers, **private})

    has_cancel_permission = may("integrations.cancel_export")

    @verb(
        "Cancel export",
        icon="cancel",
        permission="cancel",
        does="Writes no more of it. There will be no file.",
        main=False,
        fits=lambda row: row.state in Export.ACTIVE,
    )
    def cancel(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Stop it."""
        row = self.found(request, object_id)
        return self.do(request, row, lambda: ops.cancel_export(row, self.person(request)), "Cancelled:")

    @display(description="state", ordering="state")
    def status(self, obj: Export) -> SafeString:
        """In colour and words."""
        is_gone = obj.state == Export.State.SUCCEEDED and not obj.is_kept
        return (
            formatting.badge("cancelled", "Expired")
            if is_gone
            else formatting.badge(obj.state, obj.get_state_display())
        )

    @display(description="rows")
    def rows(self, obj: Export) -> str:
        """So far."""
        return formatting.number(obj.done)

    @display(description="asked for", ordering="created_at")
    def began(self, obj: Export) -> str:
        """When."""
        return formatting.moment(obj.created_at)
