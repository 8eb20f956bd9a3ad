"""How long a remote asks us to wait, read from its answer; junk counts as no answer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_WAIT_S = 3600.0
LONGEST_SLEEP_S = 10.0  # a longer wait parks the row and frees the worker


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait, 0 to 3,600; None where the answer does not say or says nonsense.

    Whole numbers, decimals (Shopify) and HTTP dates are understood (RFC 9110, section 10.2.3), and the
    moment at which a used up limit is new again (GitHub and many others).
    """
    text = headers.get("Retry-After", "").strip()
    seconds = _number(text)
    if seconds is None:
        seconds = _until(text, now)
    if seconds is None:
        seconds = _until_reset(headers, now)
    return None if seconds is None else min(max(seconds, 0.0), LONGEST_WAIT_S)


def _number(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _until_reset(headers: Mapping[str, str], now: datetime) -> float | None:
    if headers.get("X-RateLimit-Remaining", "").strip() != "0":
        return None
    reset = _number(headers.get("X-RateLimit-Reset", ""))
    return None if reset is None else reset - now.timestamp()


def _until(text: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
        return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
