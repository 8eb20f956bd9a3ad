"""What can be done with a file: looked at again, shown or not, replaced, downloaded."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path
from unfold.decorators import action
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextInputWidget

from integrations import formatting, ops
from integrations.admin.actions import may, verb
from integrations.admin.base import ConsoleAdmin
from integrations.admin.media_form import LARGEST_UPLOAD
from integrations.media import derivatives, kinds, serving
from integrations.models import MediaAttachment

State = MediaAttachment.State
REPLACE_PAGE = "admin/integrations/mediaattachment/replace.html"


class ReasonForm(BaseDialogForm):
    """Why; it stands at the file."""

    reason = forms.CharField(max_length=300, widget=UnfoldAdminTextInputWidget())


class ReplaceForm(forms.Form):
    """The other file."""

    file = forms.FileField(widget=UnfoldAdminFileFieldWidget())

    def clean_file(self) -> Any:
        """Refuse what is too large before it is stored."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST_UPLOAD:
            said = f"The file is larger than {formatting.size(LARGEST_UPLOAD)}. Choose a smaller one."
            raise ValidationError(said, code="too_large")
        return file


class MediaVerbs(ConsoleAdmin):
    """Each is a command, too."""

    actions_detail = ("validate_again", "regenerate", "replace", "original", "quarantine", "release")
    has_validate_permission = may("integrations.validate_mediaattachment")
    has_replace_permission = may("integrations.replace_mediaattachment")
    has_download_permission = may("integrations.download_mediaattachment")
    has_quarantine_permission = may("integrations.quarantine_mediaattachment")
    has_release_permission = may("integrations.release_mediaattachment")

    def get_urls(self) -> list[URLPattern]:
        """The pictures made of it, for those who may see the row."""
        view = self.admin_site.admin_view(self.derivative_view)
        name = "integrations_mediaattachment_derivative"
        return [path("<path:object_id>/derivative/<str:sha256>/<str:name>", view, name=name), *super().get_urls()]

    def derivative_view(self, request: HttpRequest, object_id: str, sha256: str, name: str) -> HttpResponseBase:
        """One of them. The address names the bytes it was made of, so that it never shows another picture."""
        media = self.found(request, object_id)
        try:
            found = derivatives.opened(media, name) if sha256 == media.sha256 else None
        except OSError as error:
            raise Http404 from error
        if found is None:
            raise Http404
        return serving.derivative(*found, for_ever=True)

    @action(
        description="Download the original",
        icon="download",
        permissions=["download"],
        url_path="original",
    )
    def original(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """As it was uploaded; what is in quarantine to those alone who may release it."""
        media = self.found(request, object_id)
        may_have = media.state == State.VALID or (
            media.state == State.QUARANTINED and self.has_release_permission(request)
        )
        if not may_have or media.content_type not in kinds.BY_TYPE:
            raise Http404
        try:
            return serving.original(media)
        except OSError as error:
            raise Http404 from error

    original.fits = lambda row: row.state == State.VALID

    @action(description="Replace the file", icon="swap_horiz", permissions=["replace"], url_path="replace")
    def replace(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A form, because dialogs take no files. All addresses stay as they are."""
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

    replace.fits = lambda row: row.replaces_id is None

    @verb(
        "Validate again",
        icon="verified",
        permission="validate",
        does="A worker looks into it anew and decides whether it may be shown. Until then it is shown to nobody.",
        main=False,
        fits=lambda row: bool(row.file or row.source_url),
    )
    def validate_again(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Decode it anew."""
        media = self.found(request, object_id)
        return self.do(request, media, lambda: ops.validate(media, self.person(request)), "Will be validated:")

    @verb(
        "Regenerate derivatives",
        icon="photo_size_select_large",
        permission="validate",
        does="A worker makes its pictures anew. Those of now are shown until then.",
        main=False,
        fits=lambda row: row.state == State.VALID and row.is_picture,
    )
    def regenerate(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Make them anew."""
        media = self.found(request, object_id)
        return self.do(request, media, lambda: ops.derive(media, self.person(request)), "Its pictures are made anew:")

    @verb(
        "Quarantine",
        icon="block",
        permission="quarantine",
        does="It and its pictures are shown to nobody any more, also where it is a cover, until somebody releases it.",
        main=False,
        form=ReasonForm,
        fits=lambda row: row.state == State.VALID,
    )
    def quarantine(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Show it no more."""
        media, reason = self.found(request, object_id), form.cleaned_data["reason"]
        verb = lambda: ops.quarantine_media(media, reason, self.person(request))  # noqa: E731
        return self.do(request, media, verb, "In quarantine:")

    @verb(
        "Release",
        icon="lock_open",
        permission="release",
        does="It is accepted although a worker or somebody put it into quarantine. Do this only if you know the file.",
        main=False,
        form=ReasonForm,
        fits=lambda row: row.state == State.QUARANTINED and bool(row.sha256),
    )
    def release(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Show it after all."""
        media, reason = self.found(request, object_id), form.cleaned_data["reason"]
        verb = lambda: ops.release_media(media, reason, self.person(request))  # noqa: E731
        return self.do(request, media, verb, "Released:")
