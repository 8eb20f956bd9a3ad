"""Walking through lists page by page, whatever the style; every guard is here and nowhere else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

from integrations.transport.codes import Code
from integrations.transport.errors import CallError, Truncated
from integrations.transport.styles import Ask, Listed, Place, Style

MOST_PAGES = 100_000

_as_text = json.JSONEncoder(sort_keys=True, default=str).encode  # made once: there is one text for every item

Fetch = Callable[[Ask], Listed]
Key = Callable[[Any], Any]


@dataclass(frozen=True)
class Batch:
    """One page.

    Attributes:
        items: what is new in it; where rows moved, also what was read again to miss nothing.
        position: where to go on after it, as JSON.
        total: what the remote says there is in all; None where it does not say.
        overlap: how many of the items came with the page before already.
        shifted: rows moved since the page before was read. What was read again makes up for fewer than a page
            of them; whether it were more cannot be seen.
    """

    items: Sequence[Any]
    position: Mapping[str, Any]
    total: int | None = None
    overlap: int = 0
    shifted: bool = False

    @property
    def remark(self) -> str:
        """What staff should know of it; empty where all is well."""
        if not self.shifted:
            return ""
        twice = f" ({self.overlap:,} of its items came twice)" if self.overlap else ""
        return f"The list changed while it was read{twice}. Sync again to be sure that nothing is missing."


@dataclass(frozen=True)
class _Spot:
    """A position with its names.

    Attributes:
        at: the style's place; None at the end.
        rows: how many rows of the list lie behind.
        count: how many different items came; not `rows` where some came twice.
        least: the smallest total declared so far.
        anchor: the last row, to recognise it by.
        mark: a page of some time ago; a list that goes round in circles meets it again (Brent's method).
    """

    at: Place
    rows: int = 0
    count: int = 0
    pages: int = 0
    least: int | None = None
    anchor: str = ""
    mark: str = ""

    @classmethod
    def of(cls, position: Mapping[str, Any], start: Place) -> Self:
        names = {field.name for field in fields(cls)}
        return cls(**{"at": start, **{name: value for name, value in position.items() if name in names}})


@dataclass(frozen=True)
class _Page:
    """An answer; ids and items belong together."""

    listed: Listed
    items: Sequence[Any]
    ids: Sequence[str]


def walk(
    fetch: Fetch, style: Style, position: Mapping[str, Any], *, key: Key | None = None, most_pages: int = MOST_PAGES
) -> Iterator[Batch]:
    """The pages from a position on, each asked for when it is wanted.

    The declared total is judged at the end, when everything has been handed over: fewer different items than
    the smallest total any page declared is a truncated list. Growth during the walk raises no false alarm,
    since what was there at the smallest total is still to come or came; nor does shrinking, since the pages after
    it declare less. A total of 0 is taken for none: some servers count nothing past the end. What nobody can see:
    rows held back while as many others come, or as many that were read already are removed from a list with cursors; a
    row that moves behind a cursor, where no total is declared. Rows that change places with others that were read come
    twice, which is not judged here but at the end of a sync, by all that came.

    Args:
        fetch: asks for one page; it makes the request, and reads the list and the total out of the answer.
        position: of a Batch, to go on after it; empty for the beginning. `{"at": link}` begins at a link kept from
            an earlier walk (Contentful's nextSyncUrl).
        key: what never changes in an item; without it, rows are recognised by all they hold.

    Raises:
        Truncated: fewer came than were declared, or the list did not end within `most_pages`.
        CallError: a page or a cursor came twice, or a link leads to another origin.
    """
    spot = _Spot.of(position, style.start)
    reader = _Reader(fetch, style, key, spot)
    while spot.at is not None:
        if spot.pages >= most_pages:
            message = f"The list did not end within {most_pages:,} pages; {spot.count:,} items came."
            raise Truncated(message, declared=None, came=spot.count, position=dict(vars(spot)))
        spot, batch = reader.turn(spot)
        if batch.items or batch.shifted or spot.at is not None:
            yield batch
    if spot.least is not None and spot.count < spot.least:
        message = f"The service said that there are {spot.least:,} items, but {spot.count:,} came."
        raise Truncated(message, declared=spot.least, came=spot.count, position=dict(vars(spot)))


class _Reader:
    """Reads page after page and remembers what came, as far as that is more than a position holds."""

    def __init__(self, fetch: Fetch, style: Style, key: Key | None, spot: _Spot) -> None:
        self._fetch = fetch
        self._style = style
        self._key = key
        self._last = {spot.anchor}
        self._places = {_digest(spot.at)}
        self._prints: set[str] = set()

    def turn(self, spot: _Spot) -> tuple[_Spot, Batch]:
        """One page, and where the walk stands after it."""
        page, before, passed = self._read(spot)
        mark = self._refuse_page_twice(page, spot)
        rows = spot.rows + passed
        at = self._style.after(spot.at, page.listed, rows)
        if before is None:  # after rows were removed, the next page may well begin where this one did
            self._refuse_place_twice(at)
        ids = [*before.ids, *page.ids] if before else page.ids
        overlap = sum(each in self._last for each in ids)
        self._last = set(ids)
        total = page.listed.total
        after = _Spot(
            at=at,
            rows=rows,
            count=spot.count + len(ids) - overlap,
            pages=spot.pages + 1,
            least=min((each for each in (spot.least, total) if each), default=None),
            anchor=ids[-1] if ids else spot.anchor,
            mark=mark,
        )
        items = [*before.items, *page.items] if before else page.items
        return after, Batch(items, dict(vars(after)), total, overlap, before is not None or overlap > 0)

    def _read(self, spot: _Spot) -> tuple[_Page, _Page | None, int]:
        """The page; the one before it, read again, where rows moved between the two; how many rows they pass."""
        ask = self._style.ask(spot.at, anchored=bool(spot.anchor))
        page = self._get(ask)
        if ask.overlap and page.ids[:1] == [spot.anchor]:
            rest = _Page(page.listed, page.items[1:], page.ids[1:])
            # With the anchor alone, it is the end or a server that sends one row at a time.
            rest = rest if rest.ids else self._get(self._style.ask(spot.at, anchored=False))
            return rest, None, len(rest.ids)
        again = self._style.again(spot.at) if spot.anchor else None
        before = self._get(again) if again else _Page(page.listed, [], [])
        in_place = not again or before.ids[-1:] == [spot.anchor]
        moved = bool(ask.overlap) or not in_place
        return page, before if moved else None, len(page.ids) - ask.overlap

    def _get(self, ask: Ask) -> _Page:
        listed = self._fetch(ask)
        return _Page(listed, listed.items, [self._identity(item) for item in listed.items])

    def _identity(self, item: Any) -> str:
        found = self._key(item) if self._key else None
        return _digest(item if found is None or found == "" else found)

    def _refuse_page_twice(self, page: _Page, spot: _Spot) -> str:
        """The mark for the position after this page.

        Pages between two full ones may be empty (a vendor that filters after cutting), two in a row may not.
        """
        seen = _digest(page.ids)
        if seen in self._prints or seen == spot.mark:
            raise CallError(
                Code.BAD_PAGING,
                f"The same page came twice, the second time as page {spot.pages + 1:,} ({spot.rows:,} rows lie behind). "
                "Either the service does not heed where a page is to begin, or the ids of its items are not their own: "
                "correct the options of the service.",
            )
        if page.ids:
            self._prints.discard(_digest([]))
        self._prints.add(seen)
        is_power_of_two = spot.pages & (spot.pages + 1) == 0
        return seen if page.ids and is_power_of_two else spot.mark

    def _refuse_place_twice(self, at: Place) -> None:
        seen = _digest(at)
        if seen in self._places:
            raise CallError(Code.BAD_PAGING, "The service names a page as the next one that has been read already.")
        self._places.add(seen)


def _digest(value: Any) -> str:
    """Short enough to be kept in a position, long enough never to be met by chance."""
    text = str(value) if type(value) is int else _as_text(value)  # the same, sooner: most ids are numbers
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
