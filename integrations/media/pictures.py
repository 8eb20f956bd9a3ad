"""Decodes a picture from its first pixel to its last. Runs in the child alone."""

from __future__ import annotations

import time
import warnings
from typing import BinaryIO

from PIL import Image, ImageSequence, UnidentifiedImageError

from integrations.media.findings import Findings, Refused
from integrations.media.kinds import Kind

LARGEST_PIXELS = 25_000_000
MOST_FRAMES = 200
SCAN, MOST_SCANS = b"\xff\xda", 100  # of a JPEG that comes bit by bit; programs that write them make ten
TOO_MANY_PIXELS = Refused("too_many_pixels", "The picture has more than 25 megapixels. Upload a smaller one.")
DAMAGED = "The picture is damaged and cannot be decoded. Open it in an image editor, save it again and upload that."


def look(stream: BinaryIO, kind: Kind, found: Findings) -> None:
    """Its pixels are counted before any is decoded.

    Raises:
        Refused: with a sentence for the uploader.
    """
    if kind.format == "JPEG" and stream.read().count(SCAN) > MOST_SCANS:
        raise Refused("too_heavy", "The picture is put together so that decoding it takes very long. Save it again.")
    stream.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(stream, formats=_formats(kind)) as image:
                _look(image, found)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TOO_MANY_PIXELS from error
    except MemoryError as error:
        raise Refused("too_heavy", "Decoding the picture needs too much memory. Upload a smaller one.") from error
    except UnidentifiedImageError as error:
        raise Refused("damaged", DAMAGED) from error
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, ArithmeticError) as error:
        raise Refused("damaged", DAMAGED) from error


def _formats(kind: Kind) -> tuple[str, ...]:
    """A camera's JPEG that holds several pictures is a JPEG to every browser."""
    return ("JPEG", "MPO") if kind.format == "JPEG" else (kind.format,)


def _look(image: Image.Image, found: Findings) -> None:
    since = time.perf_counter()
    if image.width * image.height > LARGEST_PIXELS:
        raise TOO_MANY_PIXELS
    found.width, found.height = image.width, image.height
    found.checked("size in pixels", since, f"{image.width} × {image.height}")
    since = time.perf_counter()
    frames = _decode_frames(image)
    found.checked("decoded", since, "1 picture" if frames == 1 else f"{frames} pictures")


def _decode_frames(image: Image.Image) -> int:
    """One after the other, so that only one is in memory."""
    number = 0
    for frame in ImageSequence.Iterator(image):
        number += 1
        if number > MOST_FRAMES:
            raise Refused("too_many_frames", f"The picture has more than {MOST_FRAMES} frames. Upload a shorter one.")
        frame.load()
    return number
