"""Text of databases that never said in which encoding it is."""

from __future__ import annotations


def decoded(raw: bytes) -> str:
    """UTF-8 where it is that, else Windows-1252: what old programs in the West wrote."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")
