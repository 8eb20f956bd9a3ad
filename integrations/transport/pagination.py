"""Walking through lists. One strategy so far: limit and offset."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from integrations.transport.details import Outcome
from integrations.transport.errors import CallError

MOST_PAGES = 100_000


@dataclass(frozen=True)
class Batch:
    """One page as it came.

    Attributes:
        next_offset: where the next page begins.
        total: what the remote says there is in all; None where it does not say.
    """

    items: Sequence[Any]
    next_offset: int
    total: int | None


FetchOffset = Callable[[int], tuple[Sequence[Any], int | None]]


def by_offset(fetch: FetchOffset, offset: int) -> Iterator[Batch]:
    """Pages from an offset on, until an empty page or the declared total.

    The offset grows by what came and not by what was asked for: some servers send fewer without a word.

    Raises:
        CallError: the remote sends the same page again and again.
    """
    before: Sequence[Any] | None = None
    for _ in range(MOST_PAGES):
        items, total = fetch(offset)
        if not items:
            return
        if items == before:
            raise CallError(Outcome.BAD_ANSWER, f"The same page came twice (offset {offset}).")
        before, offset = items, offset + len(items)
        yield Batch(items, offset, total)
        if total is not None and offset >= total:
            return
    raise CallError(Outcome.BAD_ANSWER, f"The list did not end after {MOST_PAGES:,} pages.")
