"""Schedules as staff write them: five cron fields, or “every 15 minutes”."""

from __future__ import annotations

import re
import zlib
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from croniter import CroniterBadDateError, croniter
from django.core.exceptions import ValidationError
from django.utils import timezone

EVERY = re.compile(r"every (\d{1,6}) (minute|hour)s?", re.IGNORECASE)
UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}
LONGEST = timedelta(days=366)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SAMPLE = datetime(2024, 1, 1, tzinfo=UTC)
SAMPLED = 10  # times, among which the shortest interval of a cron schedule is looked for
MOST_LATE = timedelta(minutes=5)
DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def validate(text: str) -> None:
    """Refuse what is no schedule.

    Raises:
        ValidationError: the text says how one is written.
    """
    if match := EVERY.fullmatch(text):
        if not timedelta() < _every(match) <= LONGEST:
            raise ValidationError("Write a time between 1 minute and 8784 hours, for example “every 15 minutes”.")
    elif len(text.split()) != 5 or not croniter.is_valid(text):
        raise ValidationError(
            "Write “every 15 minutes” or five cron fields, for example “0 * * * *” for every hour, or leave it empty."
        )
    else:
        try:
            croniter(text, SAMPLE).get_next(datetime)
        except CroniterBadDateError:
            raise ValidationError("No such day ever comes. Correct the day and the month.") from None


def next_after(text: str, moment: datetime, key: str) -> datetime:
    """When a schedule next asks, in the console's time zone.

    Args:
        key: of what is scheduled. It decides by how much its times are put off, always the same, so that not everything
            starts with the full hour: by at most a tenth of the interval and five minutes.
    """
    late = put_off(text, key)
    return _tick_after(text, moment - late) + late


def put_off(text: str, key: str) -> timedelta:
    """By how much the times of the one with that key are put off; whole seconds."""
    most = min(_interval(text) / 10, MOST_LATE)
    return timedelta(seconds=int(most.total_seconds() * zlib.crc32(key.encode()) / 2**32))


def in_words(text: str) -> str:
    """“every 15 minutes”, “every day at 06:00”; cron that needs more words stays cron."""
    fields = text.split()
    if EVERY.fullmatch(text) or len(fields) != 5:
        return text.lower()
    minute, hour, day, month, weekday = fields
    if (day, month) != ("*", "*"):
        return f"by cron “{text}”"
    if (hour, weekday) == ("*", "*") and (every := re.fullmatch(r"(?:\*|\*/(\d+))", minute)):
        return f"every {every[1]} minutes" if every[1] else "every minute"
    if (hour, weekday) == ("*", "*") and minute.isdecimal():
        return f"every hour at :{int(minute):02}"
    if minute.isdecimal() and hour.isdecimal() and (weekday == "*" or weekday in "01234567"):
        return f"every {'day' if weekday == '*' else DAYS[int(weekday)]} at {int(hour):02}:{int(minute):02}"
    return f"by cron “{text}”"


def _tick_after(text: str, moment: datetime) -> datetime:
    if match := EVERY.fullmatch(text):
        every = _every(match)
        return timezone.localtime(EPOCH + ((moment - EPOCH) // every + 1) * every)
    found: datetime = croniter(text, timezone.localtime(moment)).get_next(datetime)
    return found


def _interval(text: str) -> timedelta:
    """The shortest of the intervals; of cron as far as a few of them tell."""
    if match := EVERY.fullmatch(text):
        return _every(match)
    ticks = croniter(text, SAMPLE)
    times: list[datetime] = [ticks.get_next(datetime) for _ in range(SAMPLED)]
    return min(after - before for before, after in pairwise(times))


def _every(match: re.Match[str]) -> timedelta:
    return int(match[1]) * UNITS[match[2].lower()]
