"""Text of strangers, made so that every database and every encoder takes it."""

from __future__ import annotations

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def storable(text: str) -> str:
    """The text without NUL, which PostgreSQL refuses, and without halves of characters, which UTF-8 does.

    JSON of strangers can hold both, written as escapes.
    """
    return text.replace("\x00", REPLACEMENT).encode("utf-8", "replace").decode()
