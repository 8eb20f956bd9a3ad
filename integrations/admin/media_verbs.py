"""Verbs of a file: looked at again, shown or not."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextInputWidget

from integrations import ops
from integrations.admin.actions import may, verb
from integrations.admin.base import ConsoleAdmin
from integrations.models import MediaAttachment

State = MediaAttachment.State
REPLACE_PAGE = "admin/integrations/mediaattachment/replace.html"


class ReasonForm(BaseDialogForm):
    """Why; it stands at the file."""

    reason = forms.CharField(max_length=300, widget=UnfoldAdminTextInputWidget())


class MediaVerbs(ConsoleAdmin):
    """Each is a command, too."""

    actions_detail = ("validate_again", "regenerate", "quarantine", "release")
    has_validate_permission = may("integrations.validate_mediaattachment")
    has_quarantine_permission = may("integrations.quarantine_mediaattachment")
    has_release_permission = may("integrations.release_mediaattachment")

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
