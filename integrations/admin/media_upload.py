"""The page on which files are dropped. Each shows what becomes of it, without the page being loaded anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse

from integrations import formatting
from integrations.admin.base import ConsoleAdmin
from integrations.admin.media_form import SUBJECTS, Refused, UploadForm
from integrations.admin.media_tile import is_key, tile, with_subjects
from integrations.models import MediaAttachment

PAGE = "admin/integrations/mediaattachment/upload.html"
TILES = "admin/integrations/mediaattachment/tiles.html"
MOST_SHOWN = 200
Brought = Sequence[MediaAttachment | Refused]


class UploadPage(ConsoleAdmin):
    """In place of the usual form: many files at once, or an address on the web."""

    def get_urls(self) -> list[URLPattern]:
        """What became of the files, for the page's script."""
        view = self.admin_site.admin_view(self.tiles_view)
        return [path("tiles/", view, name="integrations_mediaattachment_tiles"), *super().get_urls()]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:  # noqa: ARG002
        """Take what was brought. A script gets the new tiles, a form the page that shows them."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            named = {name: request.GET[name] for name in SUBJECTS if is_key(request.GET.get(name, ""))}
            return self._page(request, UploadForm(self.person(request), initial=named))
        form = UploadForm(self.person(request), request.POST, request.FILES)
        if not form.is_valid():
            return self._without(request, form)
        brought = form.bring(self.person(request))
        if _is_script(request):
            return _tiles(request, brought)
        if any(isinstance(each, Refused) for each in brought):
            return self._page(request, form, brought)
        return HttpResponseRedirect(_showing(brought))

    def _without(self, request: HttpRequest, form: UploadForm) -> HttpResponse:
        """Nothing was taken; why is said where the person looks."""
        if not _is_script(request):
            return self._page(request, form)
        sentences = [str(sentence) for errors in form.errors.values() for sentence in errors]
        return _tiles(request, [Refused(request.POST.get("address", ""), " ".join(sentences))])

    def _page(self, request: HttpRequest, form: UploadForm, brought: Brought = ()) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "Upload",
            "opts": self.opts,
            "form": form,
            "media": self.media + form.media,
            "tiles": [tile(each) for each in brought or self._shown(request)],
            "largest": settings.MEDIA_LARGEST_BYTES,
            "largest_said": formatting.size(settings.MEDIA_LARGEST_BYTES),
            "tiles_url": reverse("admin:integrations_mediaattachment_tiles"),
        }
        return render(request, PAGE, context)

    def tiles_view(self, request: HttpRequest) -> HttpResponse:
        """The tiles that the address names, as they are now."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return _tiles(request, list(self._shown(request)))

    def _shown(self, request: HttpRequest) -> QuerySet[MediaAttachment]:
        named = [int(each) for each in request.GET.get("shown", "").split(",") if is_key(each)]
        return with_subjects(self.get_queryset(request)).filter(pk__in=named[:MOST_SHOWN]).order_by("pk")


def _is_script(request: HttpRequest) -> bool:
    return request.headers.get("X-Requested-With") == "XMLHttpRequest"


def _tiles(request: HttpRequest, brought: Brought) -> HttpResponse:
    shown = {"tiles": [tile(each) for each in brought]}
    answer = render(request, TILES, shown)
    answer.headers["X-Tiles"] = "yes"  # a login form is no tile
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _showing(brought: Brought) -> str:
    keys = ",".join(str(each.pk) for each in brought if isinstance(each, MediaAttachment))
    return reverse("admin:integrations_mediaattachment_add", query={"shown": keys})
