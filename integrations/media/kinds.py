"""What a file is, told by its first bytes; neither its name nor what the browser says of it counts."""

from __future__ import annotations

from dataclasses import dataclass

HEAD = 1024  # bytes that tell it
TAKEN = "Upload a JPEG, PNG, WebP, AVIF or GIF picture, or a PDF."


@dataclass(frozen=True)
class Kind:
    """One that is taken.

    Attributes:
        format: Pillow's name of it; empty for what is no picture.
    """

    content_type: str
    format: str
    extension: str

    @property
    def is_picture(self) -> bool:
        """Whether it can be shown as one."""
        return bool(self.format)


JPEG, PNG = Kind("image/jpeg", "JPEG", "jpg"), Kind("image/png", "PNG", "png")
GIF, WEBP = Kind("image/gif", "GIF", "gif"), Kind("image/webp", "WEBP", "webp")
AVIF, PDF = Kind("image/avif", "AVIF", "avif"), Kind("application/pdf", "", "pdf")
BY_TYPE = {kind.content_type: kind for kind in (JPEG, PNG, GIF, WEBP, AVIF, PDF)}

SIGNATURES: tuple[tuple[int, bytes, Kind], ...] = (
    (0, b"\xff\xd8\xff", JPEG),
    (0, b"\x89PNG\r\n\x1a\n", PNG),
    (0, b"GIF87a", GIF),
    (0, b"GIF89a", GIF),
    (8, b"WEBP", WEBP),
    (4, b"ftypavif", AVIF),
    (4, b"ftypavis", AVIF),
    (0, b"%PDF-", PDF),
)
# Not taken, but worth being named.
OTHERS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"II*\0", "a TIFF picture"),
    (0, b"MM\0*", "a TIFF picture"),
    (0, b"BM", "a BMP picture"),
    (0, b"\0\0\1\0", "a Windows icon"),
    (0, b"%!PS", "an EPS or PostScript file"),
    (0, b"\xc5\xd0\xd3\xc6", "an EPS or PostScript file"),
    (4, b"ftyphei", "a HEIC picture"),
    (4, b"ftypmif1", "a HEIC picture"),
    (4, b"ftyp", "a video"),
    (0, b"PK\3\4", "an archive or an Office document"),
)


def kind_of(head: bytes) -> Kind | None:
    """The kind of a file that begins so; None for one that is not taken."""
    return next((kind for at, signature, kind in SIGNATURES if head.startswith(signature, at)), None)


def not_taken(head: bytes) -> str:
    """The sentences for who uploaded it."""
    for at, signature, name in OTHERS:
        if head.startswith(signature, at):
            return f"This is {name}. {TAKEN}"
    lower = head.lower()
    name = "an SVG drawing" if b"<svg" in lower else "a web page" if b"<html" in lower else "no picture and no PDF"
    return f"This is {name}. {TAKEN}"
