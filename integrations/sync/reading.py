"""Pages of a stream put together, so that small ones do not cost a transaction each, and read ahead of the writing."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import ParamSpec, TypeVar

from django.db import connection, connections

from integrations.models import SyncedModel
from integrations.sync.columns import found
from integrations.systems.base import Item, Page

# One batch is written while the next is read: together they are what a killed worker's successor fetches again.
ITEMS = 500
ONE_BY_ONE = 1000
LONGEST_S = 1.0

Batch = list[Page]
P = ParamSpec("P")
T = TypeVar("T")


def batches(model: type[SyncedModel], pages: Iterator[Page]) -> Generator[Batch]:
    """Each page of the first thousand items; then pages that hold 500 together, or were read within a second.

    So a short list is seen to move, a long one is quick, and a source that takes its time is written page by page.
    What was read before an error is handed out before it. While a page is made comparable, the next of its batch comes.

    Raises:
        TypeError: as `found`.
    """
    held: Batch = []
    count, done, since = 0, 0, time.monotonic()
    with _elsewhere(pages) as ask:
        try:
            coming = ask()
            while page := coming.result():
                count += len(page.items)
                is_full = done < ONE_BY_ONE or count >= ITEMS or time.monotonic() - since >= LONGEST_S
                if not is_full:
                    coming = ask()
                held.append(comparable(model, page))
                if is_full:
                    yield held
                    held, count, done, since = [], 0, done + count, time.monotonic()
                    coming = ask()
        except Exception:
            if held:
                yield held
            raise
    if held:
        yield held


def comparable(model: type[SyncedModel], page: Page) -> Page:
    """The page with all that its items are compared by: worked out while the source and the database are waited for."""
    return replace(page, items=[found(model, item) if isinstance(item, Item) else item for item in page.items])


@dataclass
class Ahead:
    """Batches, each read while the one before it is written.

    Attributes:
        until: by the monotonic clock, from when on no other batch is begun.
        at_end: there are no more.
    """

    batches: Generator[Batch]
    until: float
    at_end: bool = False

    def __iter__(self) -> Generator[Batch]:
        """Close it when you stop before its end. What the reading raises comes after what was read before it."""
        with _elsewhere(self.batches) as ask:
            coming = ask()
            while batch := coming.result():
                is_over = time.monotonic() >= self.until
                if not is_over:
                    coming = ask()
                yield batch
                if is_over:
                    return
            self.at_end = True


@contextmanager
def _elsewhere(source: Iterator[T]) -> Iterator[Callable[[], Future[T | None]]]:
    """What has the next one made by another thread: None after the last. That thread also closes what it opened."""

    def leave() -> None:
        if isinstance(source, Generator):
            source.close()
        if not connection.in_atomic_block:
            connections.close_all()

    with _reader() as reader:
        try:
            yield lambda: reader.submit(next, source, None)
        finally:
            reader.submit(leave)


def _reader() -> Executor:
    # Inside a transaction, as only a test may be, another thread would not see what was written before.
    return _SameThread() if connection.in_atomic_block else ThreadPoolExecutor(1, "reader")


class _SameThread(Executor):
    """Does at once what it is given."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Do it; what it raises is raised to who asks for the result."""
        done: Future[T] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - as the executors of the standard library do
            done.set_exception(error)
        return done
