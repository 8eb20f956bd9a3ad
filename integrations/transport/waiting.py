"""Waiting before a call: how long a remote asks for it, read from its answer, and how long a worker may."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from integrations.transport import quota
from integrations.transport.errors import Parked

LONGEST_WAIT_S = 3600.0
LONGEST_SLEEP_S = 10.0  # a longer wait parks the row and frees the worker


def sleep(seconds: float) -> None:
    """The one place where a worker sleeps, and never for long."""
    time.sleep(min(max(seconds, 0.0), LONGEST_SLEEP_S))


class Patience:
    """How long one attempt may be kept waiting in all, whatever it waits for.

    Attributes:
        latest: after this a worker waits no longer.
        waited_ms: how long it was.
    """

    def __init__(self) -> None:
        self.latest = datetime.now(UTC) + timedelta(seconds=LONGEST_SLEEP_S)
        self.waited_ms = 0.0

    def wait_until(self, moment: datetime, reason: str) -> None:
        """Sleep until then.

        Raises:
            Parked: that is later than a worker may wait.
        """
        if moment > self.latest:
            raise Parked(moment, reason)
        seconds = (moment - datetime.now(UTC)).total_seconds()
        if seconds > 0:
            sleep(seconds)
            self.waited_ms += seconds * 1000


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait, 0 to 3,600; None where the answer does not say or says nonsense.

    Whole numbers, decimals (Shopify) and HTTP dates are understood (RFC 9110, section 10.2.3), and the
    moment at which a used up limit is new again (GitHub and many others).
    """
    text = headers.get("Retry-After", "").strip()
    seconds = quota.number(text)
    if seconds is None:
        seconds = _until(text, now)
    if seconds is None:
        seconds = _until_reset(headers, now)
    return None if seconds is None else min(max(seconds, 0.0), LONGEST_WAIT_S)


def _until_reset(headers: Mapping[str, str], now: datetime) -> float | None:
    found = quota.read(headers, now)
    if found is None or found.left or found.reset_at is None:
        return None
    return (found.reset_at - now).total_seconds()


def _until(text: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
        return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
