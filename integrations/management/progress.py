"""A bar for a person at a terminal; a file or a pipe gets none of it."""

from __future__ import annotations

from django.core.management.base import OutputWrapper

WIDTH = 30


class Progress:
    """Of a known number of steps."""

    def __init__(self, out: OutputWrapper, total: int) -> None:
        self._out, self._total, self._done = out, total, 0

    def step(self) -> None:
        """One more is done."""
        self._done += 1
        if self._out.isatty():
            full = WIDTH * self._done // max(self._total, 1)
            end = "\n" if self._done == self._total else ""
            self._out.write(f"\r[{'#' * full}{'.' * (WIDTH - full)}] {self._done:,} of {self._total:,}", ending=end)
            self._out.flush()
