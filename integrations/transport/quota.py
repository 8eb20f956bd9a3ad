"""What a remote says is left of its own limit, read from the headers of any answer; junk counts as nothing."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

MOST = 2**31 - 1
# The three spellings in use: most vendors', the IETF draft's, and a vendor's prefix before the first.
_PREFIXES = ("X-RateLimit-", "RateLimit-", "X-Contentful-RateLimit-Hour-")
_USAGE = re.compile(r"api-usage=(\d{1,9})/(\d{1,9})")
_MILLISECONDS_FROM = 10**11  # as seconds it would be the year 5138
_STAMP_FROM = 10**9  # less is not a moment but a number of seconds from now
FARTHEST = timedelta(days=32)  # resets lie; nobody sells a limit by a longer period


@dataclass(frozen=True)
class Quota:
    """Calls left until `reset_at`; None for what the answer does not say."""

    left: int
    limit: int | None = None
    reset_at: datetime | None = None


def read(headers: Mapping[str, str], now: datetime) -> Quota | None:
    """The quota of an answer; None where it names none.

    `X-RateLimit-*` (GitHub and many others), `RateLimit-*` (draft-ietf-httpapi-ratelimit-headers before
    version 8), `Sforce-Limit-Info: api-usage=18/5000` (Salesforce, used of all).
    """
    usage = _USAGE.search(headers.get("Sforce-Limit-Info", ""))
    if usage:
        used, limit = int(usage[1]), int(usage[2])
        return Quota(max(limit - used, 0), limit)
    for prefix in _PREFIXES:
        left = _whole(headers.get(f"{prefix}Remaining", ""))
        if left is not None:
            reset = number(headers.get(f"{prefix}Reset", ""))
            limit_said = _whole(headers.get(f"{prefix}Limit", "").partition(",")[0])
            return Quota(left, limit_said, None if reset is None else _moment(reset, now))
    return None


def number(text: str) -> float | None:
    """A finite number that is not negative."""
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) and found >= 0 else None


def _whole(text: str) -> int | None:
    text = text.strip()
    return min(int(text), MOST) if text.isascii() and text.isdecimal() and len(text) < 16 else None


def _moment(reset: float, now: datetime) -> datetime:
    """Vendors write seconds from now, seconds of the epoch, or milliseconds of it."""
    if reset < _STAMP_FROM:
        reset += now.timestamp()
    elif reset >= _MILLISECONDS_FROM:
        reset /= 1000
    return datetime.fromtimestamp(min(reset, (now + FARTHEST).timestamp()), UTC)
