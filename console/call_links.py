"""Addresses of the call log with its filters set, so that every figure leads to the calls behind it."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache, lru_cache
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from integrations.transport.codes import Outcome

FAILURES = "failures"  # beside the outcomes: whatever was sent and is not OK
SENT, FAILED = {"status_class": "sent"}, {"status_class": "failed"}
CACHED = {"cache__in": "hit,stale"}
RETRIES = {**SENT, "attempt__gt": "1"}


def calls(**filters: str) -> str:
    """The log with these filters; the empty ones are left out."""
    return f"{_log()}?{urlencode({name: value for name, value in filters.items() if value})}"


@cache
def _log() -> str:
    """Asked for hundreds of times a page."""
    return reverse("admin:integrations_call_changelist")


def of_outcome(outcome: str) -> dict[str, str]:
    """Those that came to it; of what was sent."""
    if outcome == FAILURES:
        return FAILED
    return {"outcome__exact": Outcome(outcome), **SENT} if outcome else SENT


@lru_cache(maxsize=512)
def started(since: datetime, until: datetime) -> dict[str, str]:
    """Those of a time, which the log names in the console's zone; its end is not in it."""
    ends = {"from": timezone.localtime(since), "to": timezone.localtime(until - timedelta(microseconds=1))}
    return {
        f"started_at_{end}_{part}": moment.strftime(form)
        for end, moment in ends.items()
        for part, form in ((0, "%Y-%m-%d"), (1, "%H:%M:%S.%f" if moment.microsecond else "%H:%M:%S"))
    }


def took(low: float | None, high: float | None) -> dict[str, str]:
    """Those that took so many milliseconds."""
    bounds = {"duration_ms_from": low or None, "duration_ms_to": high}
    return {name: f"{value:g}" for name, value in bounds.items() if value is not None}
