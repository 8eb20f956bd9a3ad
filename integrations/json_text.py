"""JSON read and written several times faster than by the standard library, with the same result.

What the fast library refuses, or would write as something else, is left to the standard one.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder(order="sorted").encode


def loads(text: bytes) -> Any:
    """The value that `json.loads` gives.

    Raises:
        ValueError: it is no JSON.
        RecursionError: it is nested too deeply.
    """
    try:
        return _decode(text)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return json.loads(text)  # takes NaN, halves of characters and UTF-16 too


def dumps(value: Any) -> bytes:
    """The value as JSON in UTF-8, names in order, the same for the same value.

    Raises:
        TypeError: it holds what is no JSON.
        ValueError: it holds itself.
        RecursionError: it is nested too deeply.
    """
    try:
        text = _encode(value)
        # It writes NaN as null, and dates and bytes as text: only what reads back as it was has been written whole.
        if _decode(text) == value:
            return text
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
        pass
    return json.dumps(value, sort_keys=True).encode()
