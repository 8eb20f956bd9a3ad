"""Uploads: quarantined until the worker has decoded them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.forms import BaseDialogForm

from integrations import formatting, ops
from integrations.admin.actions import may, verb
from integrations.admin.media_upload import UploadPage
from integrations.media import derivatives
from integrations.models import MediaAttachment

LARGEST_UPLOAD = 10 * 1024 * 1024
THUMBNAIL = "integrations_mediaattachment_thumbnail"


class MediaForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """An upload and its description."""

    class Meta:
        model = MediaAttachment
        fields = ("file", "alt_text")

    def clean_file(self) -> Any:
        """Refuse what is too large before it is stored."""
        upload = self.cleaned_data["file"]
        if upload.size > LARGEST_UPLOAD:
            raise ValidationError(
                f"The file is larger than {formatting.size(LARGEST_UPLOAD)}. Upload a smaller one.", code="too_large"
            )
        return upload


@admin.register(MediaAttachment)
class MediaAttachmentAdmin(UploadPage):
    """A file is uploaded once; its description may change."""

    form = MediaForm
    list_display = ("original_name", "status", "content_type", "dimensions", "file_size", "uploaded")
    list_filter = (("state", ChoicesDropdownFilter), "content_type")
    search_fields = ("original_name", "alt_text", "sha256")
    add_fieldsets = ((None, {"fields": ("file", "alt_text")}),)
    fields = (
        "original_name",
        "preview",
        "alt_text",
        "status",
        "failure_message",
        "content_type",
        "dimensions",
        "file_size",
        "sha256",
    )
    actions_detail = ("validate_again",)
    empty_state = "Upload a picture. The worker decodes it before anybody is shown it."

    def get_fields(self, request: HttpRequest, obj: MediaAttachment | None = None) -> Any:  # noqa: ARG002
        """The file itself only at the beginning."""
        return self.fields if obj else ("file", "alt_text")

    def get_readonly_fields(self, request: HttpRequest, obj: MediaAttachment | None = None) -> tuple[str, ...]:  # noqa: ARG002
        """What decoding found out."""
        return tuple(name for name in self.fields if name != "alt_text")

    def save_model(self, request: HttpRequest, obj: MediaAttachment, form: Any, change: bool) -> None:
        """Keep the uploader's name in a column and ring for validation."""
        upload = form.cleaned_data.get("file")
        if isinstance(upload, UploadedFile):
            obj.original_name, obj.size, obj.actor = (upload.name or "")[:255], upload.size or 0, request.user  # type: ignore[assignment]
        super().save_model(request, obj, form, change)
        if not change:
            ops.ring(obj)

    def get_urls(self) -> list[URLPattern]:
        """The thumbnail, for those who may see the row."""
        view = self.admin_site.admin_view(self.thumbnail_view)
        return [path("<path:object_id>/thumbnail/", view, name=THUMBNAIL), *super().get_urls()]

    def thumbnail_view(self, request: HttpRequest, object_id: str) -> FileResponse:
        """A picture of our own making; the upload itself is never served."""
        media = self.found(request, object_id)
        if not derivatives.has_thumbnail(media):
            raise Http404
        headers = {"Content-Security-Policy": "sandbox; default-src 'none'", "Cache-Control": "private, max-age=3600"}
        return FileResponse(derivatives.open_thumbnail(media), content_type="image/webp", headers=headers)

    has_validate_permission = may("integrations.validate_mediaattachment")

    @verb(
        "Validate again",
        icon="verified",
        permission="validate",
        does="The worker decodes it anew and decides whether it may be shown.",
        main=False,
    )
    def validate_again(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Decode it anew."""
        media = self.found(request, object_id)
        return self.do(request, media, lambda: ops.validate(media, self.person(request)), "Will be validated:")

    @display(description="state", ordering="state")
    def status(self, obj: MediaAttachment) -> SafeString:
        """In colour and words."""
        return formatting.badge(obj.state, obj.get_state_display())

    @display(description="picture")
    def preview(self, obj: MediaAttachment) -> SafeString | str:
        """The thumbnail, once there is one."""
        if not derivatives.has_thumbnail(obj):
            return self.empty_value_display
        return format_html('<img src="{}" alt="{}">', reverse(f"admin:{THUMBNAIL}", args=[obj.pk]), obj.alt_text)

    @display(description="pixels")
    def dimensions(self, obj: MediaAttachment) -> str:
        """Width by height."""
        return f"{obj.width:,} × {obj.height:,}" if obj.width and obj.height else "–"

    @display(description="size", ordering="size")
    def file_size(self, obj: MediaAttachment) -> str:
        """In the unit people read."""
        return formatting.size(obj.size)

    @display(description="uploaded", ordering="created_at")
    def uploaded(self, obj: MediaAttachment) -> str:
        """When."""
        return formatting.moment(obj.created_at)
