"""Addresses under which bytes of a file leave the console, and the form by which others take their place."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path
from unfold.widgets import UnfoldAdminFileFieldWidget

from integrations import ops
from integrations.admin.base import ConsoleAdmin
from integrations.media import derivatives, kinds, serving, size
from integrations.models import MediaAttachment

State = MediaAttachment.State
REPLACE_PAGE = "admin/integrations/mediaattachment/replace.html"


class ReplaceForm(forms.Form):
    """The other file."""

    file = forms.FileField(widget=UnfoldAdminFileFieldWidget())

    def clean_file(self) -> Any:
        """Refuse what is too large before it is stored."""
        file = self.cleaned_data["file"]
        if reason := size.objection(file.size):
            raise ValidationError(reason, code="too_large")
        return file


class MediaBytes(ConsoleAdmin):
    """Each asks for its permission on every request."""

    def get_urls(self) -> list[URLPattern]:
        """Before the page of the row, whose pattern takes anything."""
        return [
            self._path("derivative", self.derivative_view, "/<str:sha256>/<str:name>"),
            self._path("original", self.original_view),
            self._path("replace", self.replace_view),
            *super().get_urls(),
        ]

    def _path(self, kind: str, view: Any, more: str = "/") -> URLPattern:
        name = f"integrations_mediaattachment_{kind}"
        found: URLPattern = path(
            f"<path:object_id>/{kind}{more}",
            self.admin_site.admin_view(view, cacheable=kind == "derivative"),
            name=name,
        )
        return found

    def derivative_view(self, request: HttpRequest, object_id: str, sha256: str, name: str) -> HttpResponseBase:
        """A picture of our own making. The address names the bytes it was made of, so that it never shows another."""
        media = self.found(request, object_id)
        try:
            found = derivatives.opened(media, name) if sha256 == media.sha256 else None
        except OSError as error:
            raise Http404 from error
        if found is None:
            raise Http404
        return serving.derivative(*found, for_ever=True)

    def original_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """As it was uploaded; what is in quarantine for those alone who may release it."""
        _needs(request, "download")
        media = self.found(request, object_id)
        if media.state == State.QUARANTINED:
            _needs(request, "release")
        elif media.state != State.VALID:
            raise Http404
        if media.content_type not in kinds.BY_TYPE:
            raise Http404
        try:
            return serving.original(media)
        except OSError as error:
            raise Http404 from error

    def replace_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A page, because dialogs take no files. All addresses stay as they are."""
        _needs(request, "replace")
        media = self.found(request, object_id)
        form = ReplaceForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            try:
                brought = ops.replace_media(media, form.cleaned_data["file"], self.person(request))
            except ops.Impossible as reason:
                form.add_error("file", str(reason))
            else:
                return HttpResponseRedirect(brought.get_absolute_url())
        context = {"title": f"Replace {media}", "opts": self.opts, "form": form, "row": media}
        return render(request, REPLACE_PAGE, {**self.admin_site.each_context(request), **context})


def _needs(request: HttpRequest, verb: str) -> None:
    if not request.user.has_perm(f"integrations.{verb}_mediaattachment"):
        raise PermissionDenied
