"""Fields of a page that read rows."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any


def once(show: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """A template asks several times for what a field shows; it is made up for the first."""

    @wraps(show)
    def shown(page: Any, row: Any) -> Any:
        known = row.__dict__.setdefault("_shown", {})
        if show.__name__ not in known:
            known[show.__name__] = show(page, row)
        return known[show.__name__]

    return shown
