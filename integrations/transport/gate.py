"""What all processes must agree on before one of them calls a service, and what they learn from each call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from integrations.transport.details import CallDetails


class Gate:
    """An open gate: no limits, no circuit. The console's own is shared through the database."""

    @contextmanager
    def passing(self) -> Iterator[float]:
        """Hold a place for one attempt; gives the milliseconds waited for it.

        Raises:
            CallError: the circuit is open; nothing may be sent.
            Parked: the wait would be longer than a worker may sleep.
        """
        yield 0.0

    def settle(self, details: CallDetails) -> None:
        """Learn from an attempt that was made, after it was recorded."""

    def may_retry(self) -> bool:
        """Whether the budget of retries has room for one more."""
        return True
