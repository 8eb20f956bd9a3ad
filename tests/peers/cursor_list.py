"""A long list over cursor pages that knows which cursors were asked for, and when a worker is to die."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from queue import SimpleQueue
from typing import Any

from tests.peers.loopback import Loopback, Question, Told

SIZE = 100
AHEAD = 10  # pages it hands out after a deadly one that nobody has died of yet
LONGEST_S = 60  # it holds a page back
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
        met: gets a cursor of `tell_of` as soon as it is asked for, once each. Until `go_on` is called with it, at most
            `AHEAD` pages more are handed out, so that no worker is through before it is killed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.items: list[dict[str, Any]] = []
        self.cursors: dict[str, Counter[int]] = {}
        self.met: SimpleQueue[int] = SimpleQueue()
        self._deadly: set[int] = set()
        self._unheeded: set[int] = set()
        self._heeded = threading.Condition(self.lock)

    def tell_of(self, cursors: Iterable[int]) -> None:
        """Put each of these into `met` when it is asked for."""
        with self.lock:
            self._deadly = set(cursors)

    def forget(self) -> None:
        """What was asked so far."""
        with self.lock:
            self.cursors.clear()

    def go_on(self, cursor: int) -> None:
        """Somebody has died of this one."""
        with self._heeded:
            self._unheeded.discard(cursor)
            self._heeded.notify_all()

    def answer(self, question: Question) -> Told:
        begin = int(question.query.get("cursor", "0"))
        with self._heeded:
            self.cursors.setdefault(question.path, Counter())[begin] += 1
            if begin in self._deadly:
                self._deadly.discard(begin)
                self._unheeded.add(begin)
                self.met.put(begin)
            self._heeded.wait_for(lambda: begin < min(self._unheeded, default=begin + 1) + AHEAD * SIZE, LONGEST_S)
        end = begin + SIZE
        more = str(end) if end < len(self.items) else None
        return Told(data={"items": self.items[begin:end], "next": more})
