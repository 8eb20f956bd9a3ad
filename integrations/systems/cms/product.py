"""What the products have in common: how they are asked, and what their articles become."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import parse_qs, quote

from integrations.systems.base import BadItem, Gone, Options, Position
from integrations.systems.paths import at
from integrations.systems.rest_list import listed
from integrations.systems.shapes import Shape
from integrations.systems.stamps import parse_stamp
from integrations.systems.suggestions import shape_of
from integrations.transport.answer import Answer
from integrations.transport.errors import CallError
from integrations.transport.http import Transport
from integrations.transport.pagination import Batch, Fetch, Key, walk
from integrations.transport.styles import Listed, Style


@dataclass(frozen=True)
class Article:
    """One article, whichever product keeps it.

    Attributes:
        article_id: the product's own key, which never changes.
        body: HTML with absolute addresses; wikitext of a MediaWiki.
        url, cover_url: absolute; empty where there is none.
        published_at, modified_at: with their zone; None where the product does not say.
        raw: what the product sent.
    """

    article_id: str
    title: str
    slug: str = ""
    body: str = ""
    author: str = ""
    url: str = ""
    cover_url: str = ""
    published_at: datetime | None = None
    modified_at: datetime | None = None
    raw: Any = None


Found = Article | BadItem | Gone


@dataclass(frozen=True)
class Filters:
    """Which articles to list.

    Attributes:
        modified_after: only what was modified then or later; with its zone. None for all.
        limit: at most so many; None for all.
    """

    modified_after: datetime | None = None
    limit: int | None = None


@dataclass(frozen=True)
class Listing:
    """One list of a product, and what each of its rows is.

    Attributes:
        any_age: what was modified before the moment that was asked for belongs to it too.
    """

    style: Style
    fetch: Fetch
    read: Callable[[Any], Found]
    key: Key
    any_age: bool = False


@dataclass(frozen=True)
class Portion:
    """One page of articles; the attributes are those of a stream's page."""

    found: Sequence[Found]
    position: Position
    total: int | None
    remark: str


class Product(ABC):
    """One product; the base of each.

    Attributes:
        collection: what is read where staff say nothing.
        page_size: how many articles to ask for at a time, as above.
        largest_page: how many the product gives at the most.
    """

    collection: ClassVar[str] = ""
    page_size: ClassVar[int] = 100
    largest_page: ClassVar[int] = 1000

    def __init__(self, transport: Transport, options: Options) -> None:
        self._transport = transport
        self._options = options
        self._size = min(int(options["page_size"] or self.page_size), self.largest_page)
        self._extra: dict[str, Any] = parse_qs(str(options["query"] or ""), keep_blank_values=True)
        self._collection = str(options["collection"] or "").strip() or self.collection

    @abstractmethod
    def listings(self, since: datetime | None) -> Sequence[Listing]:
        """What to read, one list after the other.

        Args:
            since: only what was modified or deleted then or later, as far as the product can tell.
        """

    @abstractmethod
    def check_health(self) -> str:
        """See `Client`."""

    def detect_shape(self) -> Shape:
        """See `Client`."""
        listing = self.listings(None)[0]
        first = listing.fetch(listing.style.ask(listing.style.start, anchored=False))
        return shape_of(Answer(200, first.headers, data=first.data, url=first.url), self._paths)

    @property
    def _paths(self) -> Options:
        """The options that say where the fields of an article are."""
        return {}

    def portions(self, position: Position) -> Iterator[Portion]:
        """Pages from a position on: the walk's own, with the number of the list and the moment since when."""
        since = parse_stamp(position.get("since"))
        kept = {"since": position["since"]} if since else {}
        begin = int(position.get("list", 0))
        for number, listing in enumerate(self.listings(since)[begin:], start=begin):
            place = position if number == begin else {}
            for batch in walk(listing.fetch, listing.style, place, key=listing.key):
                read = map(listing.read, batch.items)
                found = [each for each in read if listing.any_age or not _is_older(each, since)]
                total = None if since else batch.total
                yield Portion(found, {**batch.position, "list": number, **kept}, total, self._remark(batch))

    def _remark(self, batch: Batch) -> str:
        """What staff should know of a page; empty where all is well."""
        return batch.remark

    def _get(self, operation: str, path: str, params: Mapping[str, Any] | None) -> Answer:
        """An answer that is JSON.

        Raises:
            CallError: as the transport, with what this product means by it.
        """
        try:
            return self._transport.request(operation, "GET", path, params=params)
        except CallError as error:
            if hint := self._hint(error):
                raise CallError(error.code, f"{error} {hint}", error.answer, error.retry_after) from error
            raise

    def _hint(self, error: CallError) -> str:  # noqa: ARG002 - of products whose errors say all
        """What this product may mean by an error, in a sentence; empty where the error says all."""
        return ""

    @property
    def _place(self) -> str:
        """The collection as a part of a path."""
        return quote(self._collection, safe="")


def rows_at(path: str, answer: Answer, total: str = "") -> Listed:
    """The list at a path in the answer, and how many there are in all, where a path leads to that.

    Raises:
        CallError: there is no list.
    """
    return listed(answer, {"items_path": path, "total_path": total})


def words(path: str | None, raw: Any) -> str:
    """The text at a path; numbers as text, nothing for what is neither."""
    found = at(path, raw)
    return "" if found is None or isinstance(found, list | dict) else str(found)


def moment(path: str | None, raw: Any) -> datetime | None:
    """The moment at a path; None for what is none."""
    return parse_stamp(at(path, raw))


def without_id(path: str, mend: str, raw: Any) -> BadItem:
    """Something that cannot be recognised when it comes again."""
    return BadItem("", "id", f"There is no value at “{path}”. {mend}", raw)


def total_remark(total: int | None) -> str:
    """For staff who check the service."""
    return "" if total is None else f"{total:,} articles."


def in_utc(since: datetime) -> str:
    """As all products read it: whole seconds, so that nothing at the moment itself is left out."""
    return f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _is_older(found: Found, since: datetime | None) -> bool:
    """Where a product cannot filter, or only roughly."""
    modified_at = found.modified_at if isinstance(found, Article) else None
    return since is not None and modified_at is not None and modified_at < since
