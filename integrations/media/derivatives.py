"""Thumbnails, made by the worker and never by a web process."""

from __future__ import annotations

from django.core.files import File
from imagekit.cachefiles import ImageCacheFile

from integrations.models import MediaAttachment


class GeneratedByWorker:
    """imagekit's strategy: pages only look; `generate` makes the file when the upload is valid.

    pilkit redirects the whole process's stderr while it saves, and loses it for good in a threaded
    process, so a web server must never get here.
    """

    def should_verify_existence(self, _file: ImageCacheFile) -> bool:
        """Look whether the file is there, so that a template can leave it out."""
        return True


def generate(media: MediaAttachment) -> None:
    """Make every derived picture of a decoded upload."""
    media.thumbnail.generate(force=True)


def has_thumbnail(media: MediaAttachment) -> bool:
    """Whether a worker has accepted the upload and made its thumbnail."""
    return media.state == media.State.VALID and media.thumbnail.storage.exists(media.thumbnail.name)


def open_thumbnail(media: MediaAttachment) -> File[bytes]:
    """Its bytes, as WebP."""
    opened: File[bytes] = media.thumbnail.storage.open(media.thumbnail.name)
    return opened
