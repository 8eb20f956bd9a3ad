"""Pages of a stream put together, so that small ones do not cost a transaction each, and read ahead of the writing."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
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


def comparable(model: type[SyncedModel], pages: Iterable[Page]) -> Iterator[Page]:
    """The pages with all that their items are compared by: worked out by who reads, while the database is waited for.

    Raises:
        TypeError: as `found`.
    """
    for page in pages:
        yield replace(page, items=[found(model, item) if isinstance(item, Item) else item for item in page.items])


def batches(pages: Iterable[Page]) -> Generator[Batch]:
    """Each page of the first thousand items; then pages that hold 500 together, or were read within a second.

    So a short list is seen to move, a long one is quick, and a source that takes its time is written page by page.
    What was read before an error is handed out before it.
    """
    held: Batch = []
    done, since = 0, time.monotonic()
    try:
        for page in pages:
            held.append(page)
            count = sum(len(each.items) for each in held)
            if done < ONE_BY_ONE or count >= ITEMS or time.monotonic() - since >= LONGEST_S:
                yield held
                held, done, since = [], done + count, time.monotonic()
    except Exception:
        if held:
            yield held
        raise
    if held:
        yield held


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
        with _reader() as reader:
            coming = reader.submit(self._next)
            try:
                while batch := coming.result():
                    is_over = time.monotonic() >= self.until
                    if not is_over:
                        coming = reader.submit(self._next)
                    yield batch
                    if is_over:
                        return
                self.at_end = True
            finally:
                reader.submit(self._leave)

    def _next(self) -> Batch | None:
        return next(self.batches, None)

    def _leave(self) -> None:
        self.batches.close()
        if not connection.in_atomic_block:
            connections.close_all()  # those of the reader's thread


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
