"""Uploads: quarantined until the worker has decoded them."""

from __future__ import annotations

from django.contrib import admin
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.forms import BaseDialogForm

from integrations import formatting, ops
from integrations.admin.actions import may, verb
from integrations.admin.media_pages import MediaPages
from integrations.media import derivatives
from integrations.models import MediaAttachment

THUMBNAIL = "integrations_mediaattachment_thumbnail"


@admin.register(MediaAttachment)
class MediaAttachmentAdmin(MediaPages):
    """A file is uploaded once; its description and what it belongs to may change."""

    list_display = ("original_name", "status", "content_type", "dimensions", "file_size", "uploaded")
    list_filter = (("state", ChoicesDropdownFilter), "content_type")
    search_fields = ("original_name", "alt_text", "sha256")
    fields = ("alt_text", "essay", "land")
    autocomplete_fields = ("essay", "land")
    actions_detail = ("validate_again",)
    empty_state = "Upload a picture. A worker decodes it before anybody is shown it."

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
