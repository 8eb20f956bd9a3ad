"""JSON of strangers: parsed whole, and whether a JSON column of any database can hold it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from integrations.systems.deliveries import Holds

DEEPEST = 500  # SQLite takes 1,000 levels, the parser as many less those of whoever calls it
TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
ODD_ESCAPE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


@dataclass(frozen=True)
class Parsed:
    """What a body holds; the value is None where it cannot be had."""

    value: Any
    holds: Holds


def parse(body: bytes) -> Parsed:
    """Never an error, whatever the body is."""
    endless = list[str]()

    def number(text: str) -> float:
        value = float(text)
        if math.isinf(value):
            endless.append(text)
        return value

    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_refuse, parse_float=number)
    except (json.JSONDecodeError, UnicodeDecodeError, _NoConstant):
        return Parsed(None, Holds.OTHER)
    except ValueError:  # a number of more digits than Python reads
        return Parsed(None, Holds.ODD_JSON)
    except RecursionError:
        return Parsed(None, Holds.ODD_JSON if _is_balanced(body) else Holds.OTHER)
    return Parsed(value, Holds.ODD_JSON if endless or _is_odd(body, value) else Holds.JSON)


class _NoConstant(Exception):
    """NaN and Infinity are no JSON, though Python reads them."""


def _refuse(name: str) -> Any:
    raise _NoConstant(name)


def _is_balanced(body: bytes) -> bool:
    """Too deep to be read, but every bracket is closed: as far as one can tell it is JSON."""
    bare = TEXT.sub(b"", body)
    return bare.count(b"[") == bare.count(b"]") and bare.count(b"{") == bare.count(b"}")


def _is_odd(body: bytes, value: Any) -> bool:
    # What is looked for is rare, and cannot be there without these bytes.
    if ODD_ESCAPE.search(body) and any(map(_is_unstorable, _texts(value))):
        return True
    return body.count(b"[") + body.count(b"{") > DEEPEST and _is_too_deep(value)


def _is_unstorable(text: str) -> bool:
    return "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text)


def _texts(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            yield from each
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
        elif isinstance(each, str):
            yield each


def _is_too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        level = [child for each in level if isinstance(each, dict | list) for child in _children(each)]
        if not level:
            return False
    return True


def _children(value: dict[str, Any] | list[Any]) -> Any:
    return value.values() if isinstance(value, dict) else value
