"""Places on the globe as vendors write them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

# Where it is in a location and in a point, and how far it reaches: https://www.rfc-editor.org/rfc/rfc7946#section-3.1.1
AXES = {"latitude": (1, 90), "longitude": (0, 180)}
MICRODEGREE = Decimal("0.000001")


def degrees(value: Any, axis: str) -> Decimal | None:
    """Degrees to six places, of a number, a location or a point; None for nothing, nonsense and what is off the globe."""
    place, reach = AXES[axis]
    if isinstance(value, dict):
        pair = value.get("coordinates")
        value = pair[place] if isinstance(pair, list) and len(pair) > 1 else value.get(axis)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return found.quantize(MICRODEGREE) if found.is_finite() and abs(found) <= reach else None
