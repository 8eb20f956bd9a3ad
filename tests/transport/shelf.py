"""One list in every style of paging over a real socket, with the faults seen on real servers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from integrations.transport.http import Transport
from integrations.transport.origin import same_origin
from integrations.transport.pagination import Batch, Fetch
from integrations.transport.pointers import Cursor, LinkHeader, NextUrl
from integrations.transport.settings import Settings
from integrations.transport.styles import Ask, Listed, Offset, PageNumber, Style
from tests.listening import serving

SIZE = 4
NOTHING = 10**9
STYLES: dict[str, Style] = {
    "offset": Offset(SIZE),
    "offset-from-1": Offset(SIZE, limit="_limit", offset="_offset", first=1),
    "page": PageNumber(SIZE),
    "page-from-0": PageNumber(SIZE, number="p", limit="size", first=0),
    "cursor": Cursor("next"),
    "continue": Cursor("continue"),
    "link": LinkHeader(),
    "next": NextUrl("paging.next"),
    "records": NextUrl("nextRecordsUrl"),
    "link-page": LinkHeader(),
    "next-offset": NextUrl("paging.next"),
}
NUMBERED = ("offset", "offset-from-1", "page", "page-from-0")
COUNTING_LINKS = ("link-page", "next-offset")
COUNTED = (*NUMBERED, *COUNTING_LINKS)
LOOKED_BACK = ("page", "page-from-0", *COUNTING_LINKS)
POINTED = ("cursor", "continue", "link", "next", "records")
EVERY = pytest.mark.parametrize("kind", STYLES)
EVERY_NUMBERED = pytest.mark.parametrize("kind", NUMBERED)
EVERY_COUNTED = pytest.mark.parametrize("kind", COUNTED)
EVERY_POINTED = pytest.mark.parametrize("kind", POINTED)


@dataclass(frozen=True)
class Row:
    """A row keeps its rank for ever; a cursor stands between two ranks."""

    id: int
    rank: float


@dataclass
class Shelf:
    """The list and how it misbehaves.

    Attributes:
        clamp: never sends more rows than this at a time.
        hides_from: pretends to end before this row.
        total: declared instead of the number of rows; None declares nothing.
        deaf: sends the first page whatever is asked.
        next: named instead of the next page, whatever is asked; `{new}` in it is different each time.
        empty_after: after so many rows, pages are empty, but a next one is named for ever.
    """

    url: str = ""
    rows: list[Row] = field(default_factory=list)
    clamp: int = 1000
    hides_from: int = NOTHING
    total: int | str | None = "honest"
    deaf: bool = False
    next: str = ""
    empty_after: int = NOTHING
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ids = count(1)

    def clear(self) -> None:
        """As new, at the same address."""
        self.__dict__.update(vars(Shelf(self.url)))

    def fill(self, many: int) -> list[int]:
        for _ in range(many):
            self.insert(len(self.rows))
        return self.ids()

    def ids(self) -> list[int]:
        return [row.id for row in self.rows]

    def insert(self, index: int) -> int:
        low = self.rows[index - 1].rank if index else 0.0
        high = self.rows[index].rank if index < len(self.rows) else low + 2.0
        self.rows.insert(index, Row(next(self._ids), (low + high) / 2))
        return self.rows[index].id

    def move(self, index: int, to: int) -> None:
        """A row changes its place, and with it its rank."""
        row = self.rows.pop(index)
        self.insert(to)
        self.rows[to] = Row(row.id, self.rows[to].rank)

    def answer(self, target: str) -> tuple[dict[str, str], Any]:
        self.asked.append(target)
        path, query = urlsplit(target).path, dict(parse_qsl(urlsplit(target).query))
        kind = path.strip("/").partition("/")[0]
        style = STYLES[kind]
        if isinstance(style, Offset):
            rows = self._slice(int(query[style.offset]) - style.first, int(query[style.limit]))
            return {}, self._body(rows)
        if isinstance(style, PageNumber):
            size = min(int(query[style.limit]), self.clamp)
            return {}, self._body(self._slice((int(query[style.number]) - style.first) * size, size))
        if kind in COUNTING_LINKS:
            return self._counting(kind, int(query.get("page", "1")), int(query.get("offset", "0")))
        return self._pointed(kind, float(query.get("cursor", "0")))

    def _counting(self, kind: str, page: int, offset: int) -> tuple[dict[str, str], Any]:
        """A link to the next page that holds its number, or how many rows lie before it."""
        size = min(SIZE, self.clamp)
        begin = offset or (page - 1) * size
        body = self._body(self._slice(begin, size))
        if begin + size >= min(len(self.rows), self.hides_from) and not self.deaf:
            return {}, body
        if kind == "link-page":
            return {"Link": f'<{self.url}/{kind}?page={page + 1}>; rel="next"'}, body
        return {}, body | {"paging": {"next": f"{self.url}/{kind}?limit={size}&offset={begin + size}"}}

    def _pointed(self, kind: str, after: float) -> tuple[dict[str, str], Any]:
        begin = sum(row.rank <= after for row in self.rows)
        rows = self._slice(begin, SIZE)
        if begin >= self.empty_after:
            return self._point(kind, repr(after + 1.0), self._body([]))
        last = not rows or rows[-1] is self.rows[-1] or begin + len(rows) >= self.hides_from
        return self._point(kind, "" if last and not self.next else repr(rows[-1].rank), self._body(rows))

    def _point(self, kind: str, cursor: str, body: dict[str, Any]) -> tuple[dict[str, str], Any]:
        if not cursor:
            return {}, body
        cursor = self.next.format(new=len(self.asked)) if self.next and "/" not in self.next else cursor
        link = self.next if "/" in self.next else f"/{kind}/more?note=a,b;c&cursor={quote(cursor)}"
        if kind == "link":
            absolute = link if "://" in link else f"{self.url}{link}"
            return {"Link": f'</first>; rel="first", <{absolute}>; rel="alternate next"; title="more"'}, body
        named: dict[str, dict[str, Any]] = {
            "cursor": {"next": cursor},
            "continue": {"continue": {"cursor": cursor, "continue": "-||"}},
            "next": {"paging": {"next": link if "://" in link else f"{self.url}{link}"}},
            "records": {"nextRecordsUrl": link},
        }
        return {}, body | named[kind]

    def _slice(self, begin: int, size: int) -> list[Row]:
        visible = self.rows[: self.hides_from]
        return visible[0 if self.deaf else begin :][: min(size, self.clamp)]

    def _body(self, rows: list[Row]) -> dict[str, Any]:
        total = len(self.rows) if self.total == "honest" else len(rows) if self.total == "of the page" else self.total
        return {"items": [{"id": row.id} for row in rows], **({} if total is None else {"total": total})}

    def fetch(self, kind: str, transport: Transport) -> Fetch:
        """What a client does with an Ask."""

        def ask(question: Ask) -> Listed:
            if question.link:
                path = same_origin(self.url, question.link).removeprefix(self.url)
                answer = transport.request("list", "GET", path)
            else:
                answer = transport.request("list", "GET", f"/{kind}", params=question.params)
            data = answer.data
            return Listed(data["items"], data.get("total"), data, answer.headers, f"{self.url}/{kind}")

        return ask


def key(item: Mapping[str, Any]) -> Any:
    return item["id"]


def ids_of(batches: Iterable[Batch]) -> list[Any]:
    """The items of a list of bare ids."""
    return [item for batch in batches for item in batch.items]


def ids(batches: Iterable[Batch]) -> list[int]:
    return [key(item) for item in ids_of(batches)]


def until_error(batches: Iterator[Batch]) -> tuple[list[Batch], CallError]:
    read: list[Batch] = []
    with pytest.raises(CallError) as failure:
        read.extend(batches)
    assert failure.value.code in {Code.BAD_PAGING, Code.TRUNCATED}
    return read, failure.value


@contextmanager
def serve() -> Iterator[tuple[Shelf, Transport]]:
    """A shelf on a socket, and a transport that speaks to it."""
    shelf = Shelf()

    def answer(target: str) -> tuple[int, dict[str, str], bytes]:
        headers, data = shelf.answer(target)
        return 200, headers, json.dumps(data).encode()

    with serving(answer) as url:
        shelf.url = url
        with Transport(Settings(url, attempts=1)) as transport:
            yield shelf, transport
