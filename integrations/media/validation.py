"""Decodes an upload whole, in the worker. What does not decode stays in quarantine."""

from __future__ import annotations

import hashlib
import logging
import warnings
from dataclasses import dataclass
from typing import BinaryIO

from django.core.files import File
from PIL import Image, ImageSequence, UnidentifiedImageError

from integrations import fetching, leases
from integrations.media import derivatives
from integrations.models import MediaAttachment

logger = logging.getLogger(__name__)

FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
LARGEST_PIXELS = 25_000_000
MOST_FRAMES = 200


class NotAccepted(Exception):
    """Why a file stays in quarantine, and what to upload instead."""


@dataclass(frozen=True)
class Picture:
    """What decoding found out. Width and height are pixels."""

    content_type: str
    width: int
    height: int


def validate(lease: leases.Lease) -> None:
    """Judge the claimed upload; a thumbnail is made of what is accepted."""
    try:
        _judge(lease)
    except leases.LostLease:
        logger.warning("upload %s was taken over by another worker", lease.pk)


def _judge(lease: leases.Lease) -> None:
    media = MediaAttachment.objects.get(pk=lease.pk)
    try:
        if media.source_url and not media.file:
            fetching.fetch(media, lease)
        with media.file.open("rb") as stream:
            found = decode(stream)
            stream.seek(0)
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        _make_thumbnail(media)
    except FileNotFoundError:
        _quarantine(lease, "missing", "The file is no longer in the storage. Upload it again.")
    except fetching.NotFetched as reason:
        _quarantine(lease, "not_fetched", str(reason))
    except NotAccepted as reason:
        _quarantine(lease, "not_accepted", str(reason))
    else:
        lease.finish(
            MediaAttachment.State.VALID,
            content_type=found.content_type,
            width=found.width,
            height=found.height,
            sha256=digest,
            failure_code="",
            failure_message="",
        )


def _make_thumbnail(media: MediaAttachment) -> None:
    try:
        derivatives.generate(media)
    except (OSError, ValueError) as error:
        raise NotAccepted(
            "No thumbnail can be made of the picture, perhaps because it is hundreds of times as long as wide. "
            "Upload another one."
        ) from error


def _quarantine(lease: leases.Lease, code: str, message: str) -> None:
    lease.finish(MediaAttachment.State.QUARANTINED, failure_code=code, failure_message=message)


def _decode_frames(image: Image.Image) -> None:
    """One after the other, so that only one is in memory."""
    for number, frame in enumerate(ImageSequence.Iterator(image)):
        if number == MOST_FRAMES:
            raise NotAccepted(f"The picture has more than {MOST_FRAMES} frames. Upload a shorter one.")
        frame.load()


def decode(stream: BinaryIO | File[bytes]) -> Picture:
    """Decode every frame from its first pixel to its last, within 25 megapixels and 200 frames.

    Raises:
        NotAccepted: with a sentence for the uploader.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(stream, formats=FORMATS) as image:
                if image.width * image.height > LARGEST_PIXELS:
                    raise NotAccepted("The picture has more than 25 megapixels. Upload a smaller one.")
                _decode_frames(image)
                # A camera's JPEG that holds several pictures is a JPEG to every browser.
                content_type = Image.MIME["JPEG" if image.format == "MPO" else image.format or "PNG"]
                return Picture(content_type, image.width, image.height)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise NotAccepted("The picture has more than 25 megapixels. Upload a smaller one.") from error
    except UnidentifiedImageError as error:
        raise NotAccepted(f"This is no picture we know. Upload one of {', '.join(FORMATS)}.") from error
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, MemoryError) as error:
        raise NotAccepted("The picture is damaged and cannot be decoded. Upload it again.") from error
