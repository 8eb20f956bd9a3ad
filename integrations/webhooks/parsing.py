"""JSON of strangers: parsed whole, or refused with a reason."""

from __future__ import annotations

import json
from typing import Any

from integrations.systems.base import Refused


def parse(body: bytes) -> Any:
    """The value the body holds.

    Raises:
        Refused: it is no JSON, whatever way it is none (encoding, syntax, depth, a number too long).
    """
    try:
        return json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Refused(f"the body is not JSON ({type(error).__name__})") from error
