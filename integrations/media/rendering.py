"""Every picture we show of an accepted one, from one decoding of it.

A JPEG is decoded at the smallest eighth that is still larger than what is wanted, which a camera's picture needs a
tenth of the time and of the memory for. Nothing of the file's metadata gets into what is made: the orientation is
applied, colours are converted to sRGB, and the rest is left behind.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from django.core.files import File
from PIL import Image, ImageCms, ImageOps

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")
KINDS: dict[str, dict[str, Any]] = {"JPEG": {"quality": 85}, "WEBP": {"quality": 80}}
ORIENTATION = 0x0112  # of EXIF
ON_ITS_SIDE = {5, 6, 7, 8}
LANCZOS = Image.Resampling.LANCZOS
PAPER = (255, 255, 255)  # what is seen through a picture in a kind that knows no transparency


@dataclass(frozen=True)
class Size:
    """What is made of a picture.

    Attributes:
        fills: cropped to exactly these pixels; otherwise it fits into them, and is never enlarged.
    """

    name: str
    width: int
    height: int
    fills: bool = False


@dataclass(frozen=True)
class Rendered:
    """A picture of our own making."""

    size: Size
    kind: str
    width: int
    height: int
    content: bytes


THUMBNAIL = Size("thumbnail", 300, 200, fills=True)
LARGE = Size("large", 1200, 800)


def render(stream: BinaryIO | File[bytes]) -> Iterator[Rendered]:
    """Thumbnail and large picture, each in every kind; of a moving picture its first frame.

    Raises:
        OSError, ValueError, SyntaxError: it cannot be decoded, though it was before.
    """
    with Image.open(stream, formats=FORMATS) as image:
        orientation = image.getexif().get(ORIENTATION, 1)
        box = (LARGE.height, LARGE.width) if orientation in ON_ITS_SIDE else (LARGE.width, LARGE.height)
        image.draft(None, box)
        upright = _plain(image)
        upright.load()
        ImageOps.exif_transpose(upright, in_place=True)  # a copy of 25 megapixels takes 100 MB
    large = _fitted(upright, LARGE)
    small = _filled(large if _covers(large, THUMBNAIL) else upright, THUMBNAIL)
    for size, picture in ((LARGE, large), (THUMBNAIL, small)):
        clean = _in_srgb(picture)
        for kind in KINDS:
            yield Rendered(size, kind, clean.width, clean.height, _encoded(clean, kind))


def _plain(image: Image.Image) -> Image.Image:
    """In a mode that can be made smaller smoothly."""
    if image.mode in {"RGB", "RGBA", "L", "CMYK"} and "transparency" not in image.info:
        return image
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _fitted(image: Image.Image, size: Size) -> Image.Image:
    scale = min(size.width / image.width, size.height / image.height, 1)
    pixels = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image.resize(pixels, LANCZOS, reducing_gap=2.0)


def _covers(image: Image.Image, size: Size) -> bool:
    return image.width >= size.width and image.height >= size.height


def _filled(image: Image.Image, size: Size) -> Image.Image:
    return ImageOps.fit(image, (size.width, size.height), LANCZOS)


def _in_srgb(image: Image.Image) -> Image.Image:
    """With the colours that every browser shows alike, and nothing else of what it carried."""
    profile, mode = image.info.get("icc_profile"), "RGBA" if image.mode == "RGBA" else "RGB"
    clean = (_converted(image, profile, mode) if profile else None) or image.convert(mode)
    clean.info.clear()
    return clean


def _converted(image: Image.Image, profile: bytes, mode: str) -> Image.Image | None:
    """By its own profile; None where that is nonsense."""
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(image, own, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def _encoded(image: Image.Image, kind: str) -> bytes:
    if kind == "JPEG" and image.mode == "RGBA":
        paper = Image.new("RGB", image.size, PAPER)
        paper.paste(image, mask=image.getchannel("A"))
        image = paper
    file = io.BytesIO()
    image.save(file, kind, **KINDS[kind])
    return file.getvalue()
