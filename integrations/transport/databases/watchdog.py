"""A deadline for everything, which no driver has."""

from __future__ import annotations

from threading import Lock, Timer
from typing import Self

from integrations.transport.databases.line import Line

GRACE_S = 0.5  # so that the database's own timeout comes first, which ends the statement there too


class Watchdog:
    """Hangs up a line when the time is over. Use it as a context manager.

    Attributes:
        has_barked: the time was over.
    """

    def __init__(self, line: Line, left_s: float) -> None:
        self._line = line
        self._lock = Lock()
        self._is_over = False
        self._timer = Timer(left_s + GRACE_S, self._bark)
        self._timer.daemon = True
        self.has_barked = False

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:  # never into the question after this one
            self._is_over = True

    def _bark(self) -> None:
        with self._lock:
            if not self._is_over and self._line.raw is not None:
                self.has_barked = True
                self._line.engine.hang_up(self._line.raw, self._line.cursor)
