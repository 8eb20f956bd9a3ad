"""What is made of a picture, as imagekit's specs. The child makes all of it at once; a spec knows its name and place.

The name contains the hash of the original's bytes and the version of the rules, so that what is behind an address
never changes.
"""

from __future__ import annotations

import io
from pathlib import PurePosixPath
from typing import Any, ClassVar

from imagekit import ImageSpec

RULES = 1  # grows with every change of sizes, kinds and qualities in `rendering.py`
FOLDER = "derivatives"
EXTENSIONS = {"JPEG": "jpg", "WEBP": "webp"}
CONTENT_TYPES = {"jpg": "image/jpeg", "webp": "image/webp"}


def folder_of(sha256: str) -> str:
    """Where everything is that is made of these bytes, by any rules."""
    return str(PurePosixPath(FOLDER, sha256[:2], sha256))


class Derivative(ImageSpec):  # type: ignore[misc]  # imagekit has no types
    """One picture of an accepted one."""

    name: ClassVar[str]
    content = b""  # of the child

    @property
    def file_name(self) -> str:
        """The last part of its name and of its address."""
        return f"{self.name}.{EXTENSIONS[self.format]}"

    @property
    def cachefile_name(self) -> str:
        """Where it is in the storage."""
        sha256 = self.source.instance.sha256 if self.source else ""
        return str(PurePosixPath(folder_of(sha256), f"{RULES}-{self.file_name}")) if sha256 else ""

    def generate(self) -> Any:
        """What the child made; a worker has put it here."""
        return io.BytesIO(self.content)


class Thumbnail(Derivative):
    """300 × 200, filled."""

    name, format = "thumbnail", "JPEG"


class ThumbnailWebP(Derivative):
    """The same in fewer bytes."""

    name, format = "thumbnail", "WEBP"


class Large(Derivative):
    """Fits into 1200 × 800."""

    name, format = "large", "JPEG"


class LargeWebP(Derivative):
    """The same in fewer bytes."""

    name, format = "large", "WEBP"
