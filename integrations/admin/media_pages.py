"""How files are shown: as a list or as a grid of pictures, and each with what it is used for."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import cached_property
from unfold.views import ChangeList

from integrations.admin.base import ConsoleList
from integrations.admin.live import LivePanel
from integrations.admin.media_tile import Tile, tile, with_subjects
from integrations.admin.media_upload import UploadPage
from integrations.media import derivatives
from integrations.models import MediaAttachment

VIEW, GRID = "view", "grid"
MOST_USES = 20
GONE = "The file has taken the place of the other one, or it was deleted."


class MediaList(ConsoleList):
    """One list in two views; which one stands in the address."""

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        """Without the view, which filters nothing."""
        return {name: value for name, value in super().get_filters_params(params).items() if name != VIEW}

    @property
    def is_grid(self) -> bool:
        """Whether pictures are shown."""
        return bool(self.params.get(VIEW) == GRID)

    @property
    def as_grid(self) -> str:
        """The address of the same rows as pictures."""
        address: str = self.get_query_string({VIEW: GRID})
        return address

    @property
    def as_list(self) -> str:
        """The address of the same rows as a list."""
        address: str = self.get_query_string(remove=[VIEW])
        return address

    @cached_property
    def tiles(self) -> list[Tile]:
        """The rows of this page."""
        return [tile(row) for row in self.result_list]


class MediaPages(LivePanel, UploadPage):
    """List, grid, and a page that follows the file until it has been judged."""

    panel_template = "admin/integrations/mediaattachment/panel.html"
    panel_every = "1s"
    change_form_outer_after_template = "admin/integrations/mediaattachment/zoom.html"
    change_list_template = "admin/integrations/mediaattachment/list.html"

    def panel_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A file that has taken the place of another has no page any more: whoever has it open is led on."""
        try:
            return super().panel_view(request, object_id)
        except Http404:
            if "HX-Request" not in request.headers or not self.has_view_permission(request):
                raise
            messages.info(request, GONE)
            return HttpResponse(headers={"HX-Redirect": reverse("admin:integrations_mediaattachment_changelist")})

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:  # noqa: ARG002 - Django's signature
        """One with two views."""
        return MediaList

    def get_queryset(self, request: HttpRequest) -> QuerySet[MediaAttachment]:
        """With what each is attached to."""
        return with_subjects(super().get_queryset(request).select_related("actor"))

    def is_moving(self, row: MediaAttachment) -> bool:
        """Whether the worker has yet to judge it."""
        return row.state in MediaAttachment.ACTIVE or row.awaits_pictures

    def panel_context(self, request: HttpRequest, row: MediaAttachment) -> dict[str, Any]:  # noqa: ARG002 - the base's signature
        """The picture and what uses it."""
        covers = row.essays.only("title")[: MOST_USES + 1]
        shown = {"tile": tile(row), "pictures": list(derivatives.shown(row))}
        return {**shown, "covers": covers[:MOST_USES], "more_covers": len(covers) > MOST_USES}
