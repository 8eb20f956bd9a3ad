"""The one family of errors of the transport. Each reads as a sentence."""

from __future__ import annotations

from datetime import datetime

from integrations.transport.details import Outcome


class TransportError(Exception):
    """Base of everything the transport raises."""


class CallError(TransportError):
    """A request that did not succeed, after all its attempts.

    Attributes:
        outcome: the kind of failure; its `advice` says what to do next.
        status: HTTP status, None where no answer came.
        retry_after: seconds the remote asked us to wait, None where it did not say.
    """

    def __init__(
        self, outcome: Outcome, message: str, status: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.status = status
        self.retry_after = retry_after

    def for_staff(self) -> str:
        """What happened and what to do next."""
        return f"{self} {self.outcome.advice}".strip()


class Parked(TransportError):
    """The remote asked for a wait too long to sleep through: free the worker and go on at `until`."""

    def __init__(self, until: datetime, reason: str) -> None:
        super().__init__(reason)
        self.until = until
