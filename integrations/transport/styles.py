"""How vendors cut a list into pages: one value for each style. Those that count are here, the others in `pointers`.

A style knows what to ask for, what comes after an answer, and what to ask again. `pagination.walk` keeps and guards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

Place = Any  # what JSON can hold; None is the end


@dataclass(frozen=True)
class Ask:
    """What to ask for.

    Attributes:
        params: to be added to the client's own, in the query or the body as the vendor wants them.
        link: an absolute address; the client adds nothing, since some vendors refuse filters beside it (Shopify).
        overlap: how many rows of the page before it begins with.
    """

    params: Mapping[str, Any] = field(default_factory=dict)
    link: str = ""
    overlap: int = 0


@dataclass(frozen=True)
class Listed:
    """One answer, as the client read it.

    Attributes:
        items: empty also where the vendor says with an error that nothing is there or nothing is left.
        total: how many items there are in all; None where the answer does not say.
        data, headers, url: the parsed body, the headers and the address that answered, for styles that look there.
    """

    items: Sequence[Any]
    total: int | None = None
    data: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    url: str = ""


class Style(Protocol):
    """One way to cut a list into pages."""

    @property
    def start(self) -> Place:
        """The place of the first page."""

    def ask(self, at: Place, *, anchored: bool) -> Ask:
        """What to ask for at a place; anchored: with the last row of the page before, where the style allows."""

    def again(self, at: Place) -> Ask | None:
        """The page before this place, to see whether rows moved; None where there is none or no need."""

    def after(self, at: Place, listed: Listed, rows: int) -> Place:
        """The place after an answer at `at`; with it, so many rows of the list lie behind."""


@dataclass(frozen=True)
class Offset:
    """So many rows to be left out, and so many to come.

    Each page begins with the last row of the page before: where it is no longer in its place, rows were
    added or removed in front of it, and rows may have slipped past. It costs one row a page.

    Attributes:
        size: how many rows to ask for; fewer may come.
        limit, offset: names of the parameters.
        first: the offset of the first row (FileMaker counts from 1).
    """

    size: int
    limit: str = "limit"
    offset: str = "offset"
    first: int = 0

    @property
    def start(self) -> Place:
        """No row is behind."""
        return 0

    def ask(self, at: Place, *, anchored: bool) -> Ask:
        """From the last row of the page before, or from the row after it."""
        overlap = 1 if anchored else 0
        return self._ask(at - overlap, self.size, overlap)

    def again(self, at: Place) -> Ask | None:
        """The rows in front of an anchored page."""
        begin = max(at - 1 - self.size, 0)
        return self._ask(begin, at - 1 - begin, 0) if at > 1 else None

    def after(self, at: Place, listed: Listed, rows: int) -> Place:  # noqa: ARG002 - a place is a number of rows
        """As many rows on as came and not as were asked for: some servers send fewer without a word."""
        return None if _is_last(listed, rows, self.size) else rows

    def _ask(self, begin: int, size: int, overlap: int) -> Ask:
        return Ask({self.limit: size, self.offset: self.first + begin}, overlap=overlap)


@dataclass(frozen=True)
class PageNumber:
    """Numbered pages of one size.

    They cannot overlap. To notice rows that slip past, each page is followed by a second look at the one before,
    which takes twice the requests: prefer an offset where the vendor takes one.

    Attributes:
        size: how many rows to ask for; a server may settle on fewer.
        number, limit: names of the parameters.
        first: the number of the first page.
        look_back: False for a list whose rows never move, because it only grows at its end; saves half the requests.
    """

    size: int
    number: str = "page"
    limit: str = "per_page"
    first: int = 1
    look_back: bool = True

    @property
    def start(self) -> Place:
        """The first page."""
        return self.first

    def ask(self, at: Place, *, anchored: bool) -> Ask:  # noqa: ARG002 - pages cannot overlap
        """The page of that number."""
        return Ask({self.limit: self.size, self.number: at})

    def again(self, at: Place) -> Ask | None:
        """The number before."""
        return self.ask(at - 1, anchored=False) if self.look_back and at > self.first else None

    def after(self, at: Place, listed: Listed, rows: int) -> Place:
        """The next number; never what the answer says of it (Ghost names a next page for ever)."""
        return None if _is_last(listed, rows, self.size) else at + 1


def _is_last(listed: Listed, rows: int, size: int) -> bool:
    """Nothing came, or exactly as many as there are in all.

    A total of exactly one page is not believed until the next page is empty: it may be the count of the page. A
    server that also cuts the page size without a word still deceives.
    """
    return not listed.items or rows == listed.total != size
