"""A file of the storage, wherever that is, as one on this machine that a child can be given."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from integrations.models import MediaAttachment


@dataclass(frozen=True)
class Copy:
    """One, with the hash of its bytes."""

    stream: IO[bytes]
    size: int
    sha256: str


@contextmanager
def local(media: MediaAttachment) -> Iterator[Copy]:
    """It is gone afterwards.

    Raises:
        FileNotFoundError: the storage has no such file.
        OSError: the storage cannot be reached, or there is no room here.
    """
    digest, size = hashlib.sha256(), 0
    with tempfile.TemporaryFile() as stream:
        with media.file.storage.open(str(media.file.name)) as file:
            for chunk in file.chunks():
                digest.update(chunk)
                size += stream.write(chunk)
        stream.flush()
        yield Copy(stream, size, digest.hexdigest())
