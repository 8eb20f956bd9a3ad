"""Values of drivers as JSON, as positions that come back as they were, and as moments."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any
from uuid import UUID

from integrations.systems.stamps import parse_stamp

Stored = list[str]  # kind and text of one value in a position
_ZERO_DATE = "0000-00-00"  # MySQL's for “none”; its driver gives it as text
_FALL_BACK = timedelta(hours=3)  # no zone sets its clocks back by more
_READ: dict[str, Callable[[str], Any]] = {
    "bool": lambda text: text == "True",
    "bytes": base64.b64decode,
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "decimal": Decimal,
    "float": float,
    "int": int,
    "str": str,
    "time": time.fromisoformat,
    "uuid": UUID,
}


def as_json(value: Any) -> Any:
    """Exact: decimals are text, bytes are base64 behind the word “base64:”, moments are ISO 8601."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return None if value.startswith(_ZERO_DATE) else value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return f"base64:{base64.b64encode(bytes(value)).decode()}"
    return _nested(value)


def _nested(value: Any) -> Any:
    """Arrays and JSON of PostgreSQL; whatever else there is as text."""
    if isinstance(value, dict):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    return str(value)


def as_stored(value: Any) -> Stored:
    """For a position. What has no kind of its own is compared as text."""
    if isinstance(value, bytes | bytearray | memoryview):
        return ["bytes", base64.b64encode(bytes(value)).decode()]
    if isinstance(value, date | time):
        return [type(value).__name__, value.isoformat()]
    kind = type(value).__name__.lower()
    return [kind if kind in _READ else "str", str(value)]


def from_stored(stored: Stored) -> Any:
    """The value of a position."""
    kind, text = stored
    return _READ[kind](text)


def moment_of(value: Any, zone: tzinfo) -> datetime | None:
    """When that was; None for what is no time or lies outside the calendar.

    Args:
        zone: of times that have none.
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if not isinstance(value, datetime):
        return None
    return parse_stamp((value if value.tzinfo else value.replace(tzinfo=zone)).isoformat())


def local_start(since: datetime, zone: tzinfo) -> datetime:
    """The earliest time, without its zone, that something changed at or after this moment can bear there.

    Where clocks are set back soon after it, that is earlier than the clock showed at the moment itself.
    """
    shown = since.astimezone(zone).replace(tzinfo=None)
    later = (since + _FALL_BACK).astimezone(zone).replace(tzinfo=None) - _FALL_BACK
    return min(shown, later)


def utc_start(since: datetime) -> datetime:
    """The moment in UTC, without its zone."""
    return since.astimezone(UTC).replace(tzinfo=None)
