"""Moments as vendors write them."""

from __future__ import annotations

import re
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# From 1973 to 2286: a year, a date or an id in digits is not taken for a count.
_SECONDS = re.compile(r"[0-9]{9,10}(\.[0-9]{1,9})?")
_MILLISECONDS = re.compile(r"[0-9]{12,13}(\.[0-9]{1,9})?")


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


def parse_moment(value: object) -> datetime | None:
    """A stamp as `parse_stamp` takes it, or seconds or milliseconds since 1970 as number or text; None for all else."""
    text = str(value)
    if _SECONDS.fullmatch(text):
        return EPOCH + timedelta(seconds=float(text))
    return EPOCH + timedelta(milliseconds=float(text)) if _MILLISECONDS.fullmatch(text) else parse_stamp(value)
