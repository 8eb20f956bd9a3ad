"""Moments and ranges of days as people write them, in the console's time zone."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.utils import timezone

A_DAY = timedelta(days=1)
LAST_BIT = timedelta(microseconds=1)


def first_moment(day: date) -> datetime:
    """Midnight."""
    return timezone.make_aware(datetime.combine(day, time.min))


def last_moment(day: date) -> datetime:
    """The last one before the next midnight."""
    return first_moment(day + A_DAY) - LAST_BIT


def moment(text: str, *, last: bool = False) -> datetime:
    """A day or a moment in ISO 8601; of a day the first moment, or the last.

    Raises:
        ValueError: it is neither.
    """
    if len(text) == len("2026-01-31"):
        day = date.fromisoformat(text)
        return last_moment(day) if last else first_moment(day)
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else timezone.make_aware(found)
