"""Uploads: quarantined until the worker has decoded them."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from integrations import formatting
from integrations.admin.media_bytes import MediaBytes
from integrations.admin.media_pages import MediaPages
from integrations.admin.media_verbs import MediaVerbs
from integrations.models import MediaAttachment


@admin.register(MediaAttachment)
class MediaAttachmentAdmin(MediaVerbs, MediaBytes, MediaPages):
    """A file is uploaded once; its description and what it belongs to may change."""

    list_display = ("original_name", "status", "content_type", "dimensions", "file_size", "uploaded")
    list_filter = (("state", ChoicesDropdownFilter), "content_type")
    search_fields = ("original_name", "title", "alt_text", "sha256")
    fields = ("title", "alt_text", "credit", "essay", "land")
    autocomplete_fields = ("essay", "land")
    empty_state = "Upload a picture. A worker decodes it before anybody is shown it."

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
