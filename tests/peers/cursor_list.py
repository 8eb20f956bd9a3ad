"""A long list over cursor pages that knows which cursors were asked for, and when a worker is to die."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from queue import SimpleQueue
from typing import Any

from tests.peers.loopback import Loopback, Question, Told

SIZE = 100
HESITATES_S = 0.1
OPTIONS = {
    "sign_in": "none",
    "pagination": "cursor",
    "page_size": SIZE,
    "next_path": "next",
    "items_path": "items",
    "title_path": "title",
}


class CursorList(Loopback):
    """The same list at every path.

    Attributes:
        items: what it serves; a cursor is the number of items before it.
        asked: by path, how often each cursor was asked for.
        met: gets a cursor of `deadly` as soon as it is asked for, once each. Its answer takes a moment, so that a worker
            does not meet many before the first is heeded.
    """

    def __init__(self) -> None:
        super().__init__()
        self.items: list[dict[str, Any]] = []
        self.cursors: dict[str, Counter[int]] = {}
        self.met: SimpleQueue[int] = SimpleQueue()
        self._deadly: set[int] = set()

    def tell_of(self, cursors: Iterable[int]) -> None:
        """Put each of these into `met` when it is asked for."""
        with self.lock:
            self._deadly = set(cursors)

    def forget(self) -> None:
        """What was asked so far."""
        with self.lock:
            self.cursors.clear()

    def answer(self, question: Question) -> Told:
        begin = int(question.query.get("cursor", "0"))
        with self.lock:
            self.cursors.setdefault(question.path, Counter())[begin] += 1
            is_deadly = begin in self._deadly
            self._deadly.discard(begin)
        if is_deadly:
            self.met.put(begin)
            time.sleep(HESITATES_S)
        end = begin + SIZE
        more = str(end) if end < len(self.items) else None
        return Told(data={"items": self.items[begin:end], "next": more})
