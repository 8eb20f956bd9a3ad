"""Pages that keep themselves fresh while their row is still moving."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.utils import quote, unquote
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse

STOP_POLLING = 286  # htmx's own status code


class LivePanel:
    """A part of the row's page that keeps itself fresh while the row is still moving."""

    panel_template: str
    panel_every = "2s"
    change_form_outer_before_template = "admin/live_panel.html"

    def panel_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:  # noqa: ARG002 - for those that override
        """What the panel's template needs beside `row`."""
        return {}

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:  # noqa: ARG002 - as above
        """What the rest of the page needs, and the panel does not."""
        return {}

    def is_moving(self, row: Any) -> bool:
        """Whether the panel may still change."""
        return row.finished_at is None

    def get_urls(self) -> list[URLPattern]:
        """The panel alone, for htmx."""
        view = self.admin_site.admin_view(self.panel_view)  # type: ignore[attr-defined]
        return [path("<path:object_id>/live/", view, name=self._panel_name()), *super().get_urls()]  # type: ignore[misc]

    def _panel_name(self) -> str:
        return f"integrations_{self.model._meta.model_name}_live"  # type: ignore[attr-defined]

    def panel_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The panel as it is now; tells htmx to stop once nothing moves any more."""
        row = self.found(request, object_id)  # type: ignore[attr-defined]
        moving = self.is_moving(row)  # before the rest is read: what ends in between must not be left standing
        context = {"row": row, "panel_url": request.path, **self.panel_context(request, row)}
        return render(request, self.panel_template, context, status=200 if moving else STOP_POLLING)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """The page with its panel filled in, so that it is complete without any script."""
        extra = dict(extra_context or {})
        row = self.get_object(request, unquote(object_id)) if object_id else None  # type: ignore[attr-defined]
        if row is not None:
            extra |= {
                "row": row,
                "panel_template": self.panel_template,
                "panel_url": reverse(f"admin:{self._panel_name()}", args=[quote(row.pk)]),
                "panel_every": self.panel_every if self.is_moving(row) else "",
                **self.panel_context(request, row),
                **self.page_context(request, row),
            }
        return super().changeform_view(request, object_id, form_url, extra)  # type: ignore[misc]


class WholePanel(LivePanel):
    """A page whose panel says everything and holds its verbs too, so that they follow the row."""

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ARG002 - Django's signature
        """None."""
        return []

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:  # noqa: ARG002 - Unfold's signature
        """None at the top."""
        return []
