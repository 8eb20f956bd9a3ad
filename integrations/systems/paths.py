"""Values at paths that staff wrote, in JSON that strangers sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

_NAMES = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")


def at(path: str | None, data: Any) -> Any:
    """What is at a JMESPath; None where nothing is, where its functions do not fit the data, and for no path."""
    if not path:
        return None
    try:
        return _finder(path)(data)
    except JMESPathError:
        return None


@lru_cache(maxsize=1000)
def _finder(path: str) -> Callable[[Any], Any]:
    """What looks there, compiled once. Nearly all paths are names, which need no interpreter."""
    if not _NAMES.fullmatch(path):
        found: Callable[[Any], Any] = jmespath.compile(path).search
        return found
    if "." not in path:
        return lambda data: data.get(path) if isinstance(data, dict) else None
    names = path.split(".")

    def find(data: Any) -> Any:
        for name in names:
            if not isinstance(data, dict):
                return None
            data = data.get(name)
        return data

    return find
