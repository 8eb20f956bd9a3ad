"""Values at paths that staff wrote, in JSON that strangers sent."""

from __future__ import annotations

from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError


def at(path: str | None, data: Any) -> Any:
    """What is at a JMESPath; None where nothing is, where its functions do not fit the data, and for no path."""
    try:
        return jmespath.search(path, data) if path else None
    except JMESPathError:
        return None
