"""The one family of errors of the transport. Each reads as a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from integrations.transport.answer import Answer
from integrations.transport.codes import Code


class TransportError(Exception):
    """Base of everything the transport raises."""


class CallError(TransportError):
    """A request that did not succeed, after all its attempts.

    Attributes:
        code: the kind of failure; its `advice` says what to do next.
        answer: what came, for clients that must read a vendor's own code; None where nothing usable came.
        retry_after: seconds the remote asked us to wait, None where it did not say.
    """

    def __init__(
        self, code: Code, message: str, answer: Answer | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.answer = answer
        self.retry_after = retry_after

    @property
    def status(self) -> int | None:
        """HTTP status; None where no answer came."""
        return self.answer.status if self.answer else None

    def for_staff(self) -> str:
        """What happened and what to do next."""
        return f"{self} {self.code.advice}".strip()


class SignInFailed(CallError):
    """Nothing was sent, because no token could be had for it.

    Attributes:
        lasts: for how long nobody tries again.
    """

    def __init__(self, code: Code, message: str, lasts: timedelta, retry_after: float | None = None) -> None:
        super().__init__(code, message, None, retry_after)
        self.lasts = lasts


class Truncated(CallError):
    """A list that stopped before its end, though every page that came was good.

    Attributes:
        declared: how many items the remote said there are; None where the walk reached its page limit instead.
        came: how many came.
        position: after the last page that came.
    """

    def __init__(self, message: str, *, declared: int | None, came: int, position: Mapping[str, Any]) -> None:
        super().__init__(Code.TRUNCATED, message)
        self.declared = declared
        self.came = came
        self.position = position


class Parked(TransportError):
    """The wait is too long to sleep through: free the worker and go on at `until`."""

    def __init__(self, until: datetime, reason: str) -> None:
        super().__init__(reason)
        self.until = until
