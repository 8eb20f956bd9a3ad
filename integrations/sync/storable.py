"""What every one of our databases can hold, as text and as JSON.

PostgreSQL stores no NUL, neither stores half a surrogate pair or a number that is none, yet all of
them are in the JSON that vendors send.
"""

from __future__ import annotations

import math
from typing import Any

from integrations import text

DEEPEST = 100
BACKSLASH, _N, _I = b"\\NI"  # as numbers, which are looked for at once


def storable(value: Any, depth: int = 0) -> Any:
    """The value itself if it can be stored, otherwise the nearest that can."""
    if depth > DEEPEST:
        return "nested too deeply"
    if isinstance(value, str):
        return text.storable(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {storable(key, depth + 1): storable(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [storable(item, depth + 1) for item in value]
    return value


def is_storable(value: Any) -> bool:
    """Whether the value can be stored as it is."""
    if type(value) is str and value.isascii():  # as most ids are
        return "\0" not in value
    return bool(storable(value) == value)


def is_storable_json(text: bytes) -> bool:
    """Whether a look at its JSON is enough to know that the value can be stored; many times faster than the value.

    Where it is not, `is_storable` knows: two halves may be a character, and anybody may write “NaN”.
    """
    # A sync asks this of each field of each item, and a single character is found many times faster than a word.
    if BACKSLASH in text and (b"\\u0000" in text or b"\\ud" in text):
        return False
    if (_N in text and b"NaN" in text) or (_I in text and b"Infinity" in text):
        return False
    return text.count(b"[") + text.count(b"{") <= DEEPEST
