"""How bytes of files leave the console: never as anything a browser would run."""

from __future__ import annotations

from typing import Any

from django.core.files import File
from django.http import FileResponse

from integrations.media import kinds
from integrations.models import MediaAttachment

HARMLESS = {"Content-Security-Policy": "sandbox; default-src 'none'", "X-Content-Type-Options": "nosniff"}
FOR_EVER = "private, max-age=31536000, immutable"  # private, since a permission is asked for
AN_HOUR = "private, max-age=3600"


def derivative(file: File[Any], content_type: str, *, for_ever: bool) -> FileResponse:
    """A picture of our own making; for ever under an address that names its content."""
    headers = {**HARMLESS, "Cache-Control": FOR_EVER if for_ever else AN_HOUR}
    return FileResponse(file, content_type=content_type, headers=headers)


def original(media: MediaAttachment) -> FileResponse:
    """The file as it was uploaded, to be saved and not shown; its type is the one that was found in its bytes.

    Raises:
        OSError: the storage does not have it, or cannot be reached.
    """
    kind = kinds.BY_TYPE[media.content_type]
    name = f"{media.sha256[:16] or media.pk}.{kind.extension}"  # the uploader's own may mean anything to a system
    file = media.file.storage.open(str(media.file.name))
    headers = {**HARMLESS, "Cache-Control": "no-store"}
    return FileResponse(file, as_attachment=True, filename=name, content_type=kind.content_type, headers=headers)
