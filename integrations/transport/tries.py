"""The attempts at one request: whether there is another, and when."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from integrations.transport import retry, waiting
from integrations.transport.attempt import Place
from integrations.transport.errors import CallError, Parked, SignInFailed
from integrations.transport.exchange import Exchange
from integrations.transport.gate import Gate

R = TypeVar("R")
Revive = Callable[[CallError], bool]


class Tries:
    """Goes on until an attempt succeeds, trying again would do harm, or attempts, time or budget are used up.

    Args:
        revive: whether the attempt failed by a token that was dead and is thrown away now. Then it is made once
            more under the same number, whatever the method, since the remote did nothing.
    """

    def __init__(self, exchange: Exchange, chain: uuid.UUID, most: int, gate: Gate, revive: Revive) -> None:
        self._exchange = exchange
        self._chain = chain
        self._most = most
        self._gate = gate
        self._revive = revive
        self._has_revived = False
        self._until = time.monotonic() + retry.WITHIN_S
        self._failures = 0

    def answer(self, attempt: Callable[[Exchange, Place], R]) -> R:
        """Of the first attempt that succeeds."""
        backoff_ms: float | None = None
        while True:
            try:
                return attempt(self._exchange, Place(self._chain, self._failures + 1, backoff_ms))
            except CallError as error:
                pause_s = self._pause_s(error)
                if pause_s is None:
                    raise
            waiting.sleep(pause_s)
            backoff_ms = pause_s * 1000 or None

    def _pause_s(self, error: CallError) -> float | None:
        """Seconds before the next attempt; None if there must be none."""
        if not self._has_revived and self._revive(error):
            self._has_revived = True
            return 0.0
        # Where signing in failed nothing was sent, and signing in again harms nothing.
        repeatable = self._exchange.repeatable or isinstance(error, SignInFailed)
        if not retry.is_harmless(error.code, repeatable=repeatable):
            return None
        pause_s = retry.pause_s(self._failures, error)
        if pause_s > waiting.LONGEST_SLEEP_S:
            raise Parked(datetime.now(UTC) + timedelta(seconds=pause_s), str(error)) from error
        self._failures += 1
        if self._failures >= self._most or time.monotonic() + pause_s > self._until:
            return None
        return pause_s if self._gate.may_retry() else None
