"""Files for the tests of media, and a worker that looks into them."""

from __future__ import annotations

import errno
import struct
import zlib
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import pikepdf
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from PIL import Image

from integrations import ops
from integrations.media import sealed
from integrations.media.findings import Findings
from integrations.models import MediaAttachment
from tests.worker import work_off

FULL, AWAY = OSError(errno.ENOSPC, "No space left on device"), OSError(errno.EIO, "Input/output error")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30), mode: str = "RGB", **how: Any) -> bytes:
    stream = BytesIO()
    Image.new(mode, size, 1).save(stream, kind, **how)
    return stream.getvalue()


def document(**root: Any) -> bytes:
    """A PDF of one page; what is given stands in its root."""
    made = pikepdf.new()
    made.add_blank_page()
    for key, value in root.items():
        made.Root[f"/{key}"] = value
    stream = BytesIO()
    made.save(stream)
    return stream.getvalue()


def png_of_zeros(width: int, height: int) -> bytes:
    """A small file that decodes to very much."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compressobj(9)
    data = b"".join([*(rows.compress(bytes(1 + (width + 7) // 8)) for _ in range(height)), rows.flush()])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def looked(content: bytes) -> Findings:
    """By a real child."""
    with TemporaryFile() as stream:
        stream.write(content)
        return sealed.look(stream)


def stored(content: bytes, name: str = "upload", **about: Any) -> MediaAttachment:
    """As the upload form leaves it."""
    return ops.upload(ContentFile(content, name), ops.Brought(**about))


def judged(content: bytes, name: str = "upload", **about: Any) -> MediaAttachment:
    """With its pictures, where it is accepted."""
    media = stored(content, name, **about)
    work_off()
    media.refresh_from_db()
    return media


def files(shared_data: Path, *folders: str) -> list[Path]:
    """All of the folders of the shared data."""
    found = sorted(path for folder in folders for path in (shared_data / folder).iterdir() if path.is_file())
    assert found
    return found


def failing(patch: pytest.MonkeyPatch, act: str, folder: str, error: OSError) -> None:
    """The storage fails so when it reads (`_open`) or writes (`_save`) there."""
    real = getattr(FileSystemStorage, act)

    def fail(storage: FileSystemStorage, name: str, *more: Any) -> Any:
        if name.startswith(folder):
            raise error
        return real(storage, name, *more)

    patch.setattr(FileSystemStorage, act, fail)
