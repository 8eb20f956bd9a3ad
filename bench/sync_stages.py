"""Where the time of a sync goes: the functions between its stages, each with a clock around it.

A stage that runs inside another one is counted once, as itself. Pages are read while others are written, so that the
stages together may take longer than the whole.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any


class Stages:
    """Seconds by stage; each thread has its own."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._here = _Here()

    def time(self, owner: Any, name: str, stage: str) -> None:
        """Put a clock around a function of a module or a class."""
        original: Callable[..., Any] = getattr(owner, name)

        def timed(*args: Any, **values: Any) -> Any:
            self._enter(stage)
            try:
                return original(*args, **values)
            finally:
                self._leave()

        setattr(owner, name, timed)

    def time_items(self, owner: Any, name: str, stage: str) -> None:
        """The same around each step of a generator."""
        original: Callable[..., Iterator[Any]] = getattr(owner, name)

        def timed(*args: Any, **values: Any) -> Iterator[Any]:
            steps = original(*args, **values)
            while True:
                self._enter(stage)
                try:
                    found = next(steps)
                except StopIteration:
                    return
                finally:
                    self._leave()
                yield found

        setattr(owner, name, timed)

    def _enter(self, stage: str) -> None:
        self._charge()
        self._here.open.append(stage)

    def _leave(self) -> None:
        self._charge()
        self._here.open.pop()

    def _charge(self) -> None:
        here, now = self._here, time.perf_counter()
        if here.open:
            self.seconds[here.open[-1]] += now - here.since
        here.since = now


class _Here(threading.local):
    """Which stages are open in this thread, and since when the innermost is not charged."""

    def __init__(self) -> None:
        self.open: list[str] = []
        self.since = 0.0
