"""Pointers that do nothing but count: `?page=3`, `?offset=40&limit=20`.

A vendor that hands them out does not answer for rows that move meanwhile, as one with real cursors does; so the page
before can be asked for again, as with numbers that we count ourselves.
"""

from __future__ import annotations

import re

# Names of parameters, as they are in an address; `[` and `$` may be escaped.
PAGE = r"_?page|page_?number|page(?:\[|%5B)number(?:\]|%5D)"
OFFSET = r"_?offset|(?:\$|%24)?skip|page(?:\[|%5B)offset(?:\]|%5D)"
SIZE = r"_?limit|(?:\$|%24)?top|per_page|page_?size|page(?:\[|%5B)limit(?:\]|%5D)"


def page_before(link: str) -> str:
    """The address of the page before; empty where the address does not count, or nothing comes before it."""
    if page := _parameter(PAGE, link):
        return _with(page, link, int(page[1]) - 1)
    offset, size = _parameter(OFFSET, link), _parameter(SIZE, link)
    return _with(offset, link, int(offset[1]) - int(size[1])) if offset and size else ""


def _parameter(names: str, link: str) -> re.Match[str] | None:
    return re.search(rf"(?<=[?&])(?:{names})=(\d{{1,9}})(?=&|$)", link, re.IGNORECASE | re.ASCII)


def _with(found: re.Match[str], link: str, number: int) -> str:
    return f"{link[: found.start(1)]}{number}{link[found.end(1) :]}" if number >= 0 else ""
