"""Values that would fit the options of a REST list, guessed from one answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from integrations.systems import shapes
from integrations.systems.base import Options
from integrations.systems.paths import at
from integrations.systems.places import degrees
from integrations.systems.shapes import Seen, Shape, plain
from integrations.systems.stamps import parse_moment
from integrations.transport.answer import Answer
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from integrations.transport.pointers import LinkHeader
from integrations.transport.styles import Listed

MOST_COMPARED = 1000
LARGEST_PAGE = 10_000
WRAPPERS = {"rendered"}  # WordPress: {"title": {"rendered": "…"}}
CHANGED = ("modif", "updat", "chang", "lastpublished")
TOTALS = ("total", "count", "size", "found", "hits")
LIMITS = ("limit", "perpage", "pagesize", "size", "maxresults", "itemsperpage", "resultsperpage")
PAGES = {"page": "", "pagenumber": "", "pagenum": "", "pageno": "", "currentpage": "page", "number": "page"}
OFFSETS = ("offset", "skip", "start", "startindex", "startat")
ADDRESS = re.compile(r"https?://|/|\?")
Fits = Callable[[Any], bool]


def shape_of(answer: Answer, options: Options) -> Shape:
    """What the answer looks like, and what would fit these options.

    Raises:
        CallError: it is empty.
    """
    if answer.data is None:
        raise CallError(Code.BAD_ANSWER, "The answer is empty.", answer)
    outside = shapes.look(answer.data)
    found = shapes.list_of_items(outside)
    items = found.value if found else []
    first = shapes.first_object(items)
    inside = shapes.look(first) if first else []
    suggested = {"items_path": found.path} if found else {}
    suggested |= _of_items(inside, items) | _of_pages(outside, len(items), answer)
    findings = [shapes.finding(seen) for seen in outside] + [shapes.finding(seen, of_item=True) for seen in inside]
    return Shape(findings, {name: value for name, value in suggested.items() if name in options})


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_shown(value: Any) -> bool:
    return _is_text(value) or (isinstance(value, int | float) and not isinstance(value, bool))


def _is_moment(value: Any) -> bool:
    return parse_moment(value) is not None


# By option: names without signs, the likeliest first, and what their values must be.
FIELDS: Mapping[str, tuple[tuple[str, ...], Fits]] = {
    "title_path": (("title", "name", "subject", "headline", "label", "displayname", "fullname", "summary"), _is_text),
    "slug_path": (("slug",), _is_text),
    "body_path": (("body", "content", "html", "text", "description"), _is_text),
    "author_path": (("author", "authorname", "creator", "byline"), _is_text),
    "url_path": (("htmlurl", "permalink", "weburl", "url", "link"), _is_text),
    "published_path": (("publishedat", "firstpublishedat", "published", "datepublished", "dategmt"), _is_moment),
    "parcel_path": (("parcelid", "parcel", "parcelnumber", "apn", "pin"), _is_shown),
    "address_path": (("address", "streetaddress", "street", "addressline1"), _is_text),
    "city_path": (("city", "town", "locality"), _is_text),
    "postal_code_path": (("postalcode", "postcode", "zip", "zipcode"), _is_shown),
    "latitude_path": (("latitude", "lat"), lambda value: degrees(value, "latitude") is not None),
    "longitude_path": (("longitude", "lon", "lng"), lambda value: degrees(value, "longitude") is not None),
}
IDS = ("id", "uuid", "guid", "documentid", "identifier", "key", "pk")


def _of_items(inside: Sequence[Seen], items: Sequence[Any]) -> dict[str, str]:
    found = {name: _named(inside, names, fits) for name, (names, fits) in FIELDS.items()}
    found |= {"id_path": _id(inside, items), "modified_path": _modified(inside)}
    return {name: path for name, path in found.items() if path}


def _named(inside: Iterable[Seen], names: Sequence[str], fits: Fits) -> str:
    fitting = [each for each in inside if _last(each) in names and fits(each.value)]
    return _path(min(fitting, key=lambda each: (len(each.names), names.index(_last(each))), default=None))


def _last(seen: Seen) -> str:
    return plain(seen.names[-2]) if seen.name in WRAPPERS and len(seen.names) > 1 else seen.name


def _path(seen: Seen | None) -> str:
    return seen.path if seen else ""


def _id(inside: Sequence[Seen], items: Sequence[Any]) -> str:
    """A name of an id whose values are there and differ from each other; the vendor's own, where there is no usual one."""
    own = [each.name for each in inside if each.name.endswith("id")]
    usual = sorted(
        (each for each in inside if each.name in IDS), key=lambda each: (len(each.names), IDS.index(each.name))
    )
    others = [each for each in inside if each.name in own and each.name not in IDS]
    return next((each.path for each in [*usual, *others] if _tells_apart(each.path, items)), "")


def _tells_apart(path: str, items: Sequence[Any]) -> bool:
    values = [at(path, item) for item in items[:MOST_COMPARED]]
    return all(map(_is_shown, values)) and len({str(value) for value in values}) == len(values)


def _modified(inside: Iterable[Seen]) -> str:
    """In UTC where there are two of them, since the other one has no zone (WordPress)."""
    fitting = [each for each in inside if any(word in each.name for word in CHANGED) and _is_moment(each.value)]
    return _path(min(fitting, key=lambda each: (len(each.names), not each.name.endswith(("gmt", "utc"))), default=None))


def _of_pages(outside: Sequence[Seen], count: int, answer: Answer) -> dict[str, str]:
    outer = [each for each in outside if each.names and not isinstance(each.value, list)]
    total = _total(outer, count)
    found = {"total_path": total.path} if total else {}
    found |= _limit(outer)
    ways = (_by_link_header(answer), _by_address(outer), _by_cursor(outer), _by_page(outer), _by_offset(outer))
    return found | next((way for way in ways if way), _by_total(total, count))


def _number(seen: Seen, names: Sequence[str] | Mapping[str, str]) -> bool:
    return seen.name in names and type(seen.value) is int


def _total(outer: Iterable[Seen], count: int) -> Seen | None:
    """A count that says “total”, or one that is larger than what came: others count what came."""
    fitting = [each for each in outer if type(each.value) is int and any(word in each.name for word in TOTALS)]
    said = [each for each in fitting if "total" in each.name and "page" not in each.name and each.value >= count]
    larger = [each for each in fitting if each.name not in LIMITS and "page" not in each.name and each.value > count]
    return next(iter([*said, *larger]), None)


def _limit(outer: Iterable[Seen]) -> dict[str, str]:
    found = next((each for each in outer if _number(each, LIMITS) and 0 < each.value <= LARGEST_PAGE), None)
    return {"limit_name": found.names[-1], "page_size": str(found.value)} if found else {}


def _by_link_header(answer: Answer) -> dict[str, str]:
    try:
        link = LinkHeader().after("", Listed([], None, answer.data, answer.headers, answer.url), 0)
    except CallError:  # it leads elsewhere
        return {}
    return {"pagination": "link"} if link else {}


def _by_address(outer: Iterable[Seen]) -> dict[str, str]:
    """An address under “next”, or the place where the last page has none (Django REST framework)."""
    for each in outer:
        named = [plain(name) for name in each.names[-2:]]
        is_link = isinstance(each.value, str) and ADDRESS.match(each.value)
        is_empty = each.value is None and named[-1] in {"next", "nextpageurl", "nextlink", "nexturl"}
        if any("next" in name for name in named) and (is_link or is_empty):
            return {"pagination": "next_url", "next_path": each.path}
    return {}


def _by_cursor(outer: Iterable[Seen]) -> dict[str, str]:
    for each in outer:
        words = "cursor" in each.name or each.name in {"next", "continue", "continuation", "nextpage"}
        token = "token" in each.name and ("next" in each.name or "page" in each.name or "continu" in each.name)
        if (words or token) and not (isinstance(each.value, bool | int) and each.name != "nextpage"):
            return {"pagination": "cursor", "next_path": each.path, "cursor_name": _sent_as(each.names[-1])}
    return {}


def _sent_as(name: str) -> str:
    """The parameter is nearly always called like what comes, without “next”: nextPageToken, next_cursor."""
    rest = re.sub(r"^(?:next|end)_?", "", name, flags=re.IGNORECASE)
    return rest[:1].lower() + rest[1:] if rest else "cursor"


def _by_page(outer: Iterable[Seen]) -> dict[str, str]:
    found = next((each for each in outer if _number(each, PAGES) and each.value in {0, 1}), None)
    if not found:
        return {}
    name = PAGES[found.name] or found.names[-1]
    return {"pagination": "page", "page_name": name, "first_page": str(found.value)}


def _by_offset(outer: Iterable[Seen]) -> dict[str, str]:
    found = next((each for each in outer if _number(each, OFFSETS) and each.value == 0), None)
    return {"pagination": "offset", "offset_name": found.names[-1]} if found else {}


def _by_total(total: Seen | None, count: int) -> dict[str, str]:
    if not total:
        return {}
    return {"pagination": "none" if total.value == count else "offset"}
