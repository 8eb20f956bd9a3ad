"""Where the time of one attempt goes, and how much of it is left."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from integrations.transport.details import Timings
from integrations.transport.settings import Settings

_running: ContextVar[Clock] = ContextVar("clock of the attempt")


class Clock:
    """Runs from the moment it is made. Connections find it with `current`, since they outlive the attempt."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._laps: dict[str, float] = {}
        self._started = self._lapped = time.monotonic()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Be the clock of whatever is connected, sent and read inside."""
        token = _running.set(self)
        try:
            yield
        finally:
            _running.reset(token)

    def lap(self, part: str) -> None:
        """The time since the lap before went into this part (a field of `Timings`)."""
        now = time.monotonic()
        self._laps[part] = (now - self._lapped) * 1000
        self._lapped = now

    def first_byte(self) -> None:
        """Something of the answer is there; only the first call counts."""
        if not self.answering:
            self.lap("first_byte")

    @property
    def answering(self) -> bool:
        """Whether the answer has begun."""
        return "first_byte" in self._laps

    def left_s(self) -> float:
        """Seconds until the deadline of the attempt.

        Raises:
            TimeoutError: there are none.
        """
        left = self._started + self.settings.deadline_s - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time of the attempt is over")
        return left

    def timings(self) -> Timings:
        """All laps so far, and the whole."""
        return Timings(total=(time.monotonic() - self._started) * 1000, **self._laps)


def current() -> Clock:
    """The clock of the attempt that is running here."""
    return _running.get()
