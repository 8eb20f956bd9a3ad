"""Any REST list by options: how it is cut into pages, and where in an answer its items are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from integrations.systems.base import Options
from integrations.systems.paths import at
from integrations.transport.answer import Answer
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from integrations.transport.pagination import Batch, Fetch
from integrations.transport.pointers import Cursor, LinkHeader, NextUrl
from integrations.transport.styles import Ask, Listed, Offset, PageNumber, Style

MOST_ITEMS = 2**31 - 1

_STYLES: dict[str, Callable[[Options, tuple[str, ...]], Style]] = {
    "offset": lambda o, _: Offset(int(o["page_size"]), str(o["limit_name"] or ""), str(o["offset_name"] or "")),
    "page": lambda o, _: PageNumber(
        int(o["page_size"]), str(o["page_name"] or ""), str(o["limit_name"] or ""), int(o["first_page"] or 0)
    ),
    "cursor": lambda o, _: Cursor(str(o["next_path"] or ""), str(o["cursor_name"] or "")),
    "link": lambda _, without: LinkHeader(without=without),
    "next_url": lambda o, without: NextUrl(str(o["next_path"] or ""), without=without),
    "none": lambda _, without: LinkHeader(without=without),  # better a page more than a list that is cut
}


def style_of(options: Options, without: tuple[str, ...] = ()) -> Style:
    """How the list is cut, as the options of `PAGINATION` say.

    Args:
        without: parameters that hold a secret, so that no position keeps them.
    """
    return _STYLES[options["pagination"]](options, without)


def parameters_of(options: Options, query: str) -> dict[str, Any]:
    """Further parameters as staff wrote them; with the page size, where no style sends it by itself."""
    given: dict[str, Any] = parse_qs(query, keep_blank_values=True)
    if options["pagination"] in {"offset", "page", "none"} or not options["limit_name"]:
        return given
    return {str(options["limit_name"]): str(options["page_size"]), **given}


def query_of(ask: Ask, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
    """What to send with an ask: nothing beside a link, and nothing under a name that staff left empty."""
    return None if ask.link else {name: value for name, value in {**parameters, **ask.params}.items() if name}


def is_past_end(error: CallError, ask: Ask, options: Options) -> bool:
    """Whether the error is how this API says that the list has ended; of its first page it never is."""
    names = {"offset": options["offset_name"], "page": options["page_name"]}
    begin, now = style_of(options).start, ask.params.get(str(names.get(options["pagination"])))
    return str(error.status) == options["past_end"] and now not in {None, begin}


def page_or_end(page: Fetch, ask: Ask, options: Options) -> Listed:
    """One page; an empty one where the API says with an error that the list has ended.

    A list that is gone has not ended: its first page must be there.
    """
    try:
        return page(ask)
    except CallError as error:
        if not is_past_end(error, ask, options):
            raise
    style = style_of(options)
    page(style.ask(style.start, anchored=False))
    return Listed([])


def doubt(batch: Batch, options: Options) -> str:
    """What staff should know of a list that ends with its first page though that is full; empty for all others.

    Nothing tells it from a list whose next page is looked for in the wrong place.
    """
    is_whole = batch.position["pages"] == 1 and batch.position["at"] is None
    is_pointed = options["pagination"] in {"cursor", "link", "next_url"} and options["limit_name"]
    if batch.total is not None or not (is_whole and is_pointed) or len(batch.items) < int(options["page_size"]):
        return ""
    return (
        "The first page is full, and the answer names no next one. If there are more items, correct “Pagination” or "
        "“Next” in the options of the service."
    )


def listed(answer: Answer, options: Options) -> Listed:
    """What came, as the options say.

    Raises:
        CallError: there is no list where they say.
    """
    items = at(str(options["items_path"]), answer.data)
    if not isinstance(items, list):
        raise CallError(Code.BAD_ANSWER, f"There is no list at “{options['items_path']}” in the answer.")
    total = at(str(options["total_path"] or ""), answer.data)
    return Listed(items, _count(total), answer.data, answer.headers, answer.url)


def _count(total: Any) -> int | None:
    """A count that is none (negative, true, astronomical) must neither end the walk nor break a column."""
    return total if type(total) is int and 0 <= total <= MOST_ITEMS else None
