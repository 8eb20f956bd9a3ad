"""Moments as vendors write them."""

from __future__ import annotations

from datetime import MAXYEAR, MINYEAR, UTC, datetime


def parse_stamp(text: object) -> datetime | None:
    """An ISO 8601 stamp with its zone (UTC where it has none); None for nothing, nonsense, or a year no zone can show."""
    if not isinstance(text, str) or not text:
        return None
    try:
        stamp = datetime.fromisoformat(text)
    except ValueError:
        return None
    # In another zone the first and the last day of the calendar would be outside it.
    if not MINYEAR < stamp.year < MAXYEAR:
        return None
    return stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)
