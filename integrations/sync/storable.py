"""What every one of our databases can hold, as text and as JSON.

PostgreSQL stores no NUL, neither stores half a surrogate pair or a number that is none, yet all of
them are in the JSON that vendors send.
"""

from __future__ import annotations

import math
from typing import Any

from integrations import text

DEEPEST = 100


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


def is_storable_json(text: str) -> bool:
    """Whether a look at its JSON in ASCII is enough to know that the value can be stored; many times faster than the value.

    Where it is not, `is_storable` knows: a pair of surrogates is a character, and anybody may write “NaN”.
    """
    # A sync asks this of each field of each item, and a single character is found many times faster than a word.
    if "\\" in text and ("\\u0000" in text or "\\ud" in text):
        return False
    if ("N" in text and "NaN" in text) or ("I" in text and "Infinity" in text):
        return False
    return text.count("[") + text.count("{") <= DEEPEST
