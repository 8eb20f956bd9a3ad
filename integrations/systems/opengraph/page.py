"""What a page says of itself: the Open Graph protocol, Twitter's cards, and what HTML has always had.

https://ogp.me/
https://developer.x.com/en/docs/x-for-websites/cards/overview/markup
"""

from __future__ import annotations

import re
from collections import defaultdict

from integrations.systems.opengraph.charset import decoded
from integrations.systems.opengraph.markup import Head, Tag
from integrations.systems.opengraph.metadata import Image, Metadata, line, web_address
from integrations.transport.answer import Answer
from integrations.transport.codes import Code
from integrations.transport.errors import CallError

MOST_BYTES = 1_000_000  # a head that is longer is none
MOST_IMAGES = 20
XHTML = "application/xhtml+xml"
# Where each value may be, the best first. What has no colon is a name of HTML's own.
TITLES = ("og:title", "twitter:title", "title")
DESCRIPTIONS = ("og:description", "twitter:description", "description")
SITES = ("og:site_name", "application-name")
CANONICALS = ("og:url", "canonical")
TWITTER_IMAGES = ("twitter:image", "twitter:image:src")
TWITTER_ALT = "twitter:image:alt"
_KNOWN = frozenset({*TITLES, *DESCRIPTIONS, *SITES, *CANONICALS, *TWITTER_IMAGES, TWITTER_ALT} - {"title", "canonical"})
_IMAGE = "og:image"
_ADDRESSES = ("", "url", "secure_url")  # of a picture, after “og:image”; the first of them begins a new one
_KIND = re.compile(r"\s{0,9}([a-z]{1,20}/[a-z0-9.+-]{1,100})(?=[\s;,]|$)", re.IGNORECASE)
_PIXELS = re.compile(r"\s{0,9}([0-9]{1,6})(?:px)?\s{0,9}", re.IGNORECASE)


def read(answer: Answer) -> Metadata:
    """What the page in this answer says.

    Raises:
        CallError: it is no page.
    """
    content_type = answer.headers.get("Content-Type", "")
    found = _KIND.match(content_type)
    kind = found[1].lower() if found else "something without a type"
    if kind not in {"text/html", XHTML}:
        raise CallError(Code.BAD_ANSWER, f"The address leads to {kind}, not to a web page.", answer)
    said = _Said()
    for tag in Head(decoded(answer.body[:MOST_BYTES], content_type), is_xml=kind == XHTML):
        said.note(tag)
    return said.metadata(answer.url)


class _Said:
    """Everything of interest, in the order of the page."""

    def __init__(self) -> None:
        self._values: defaultdict[str, list[str]] = defaultdict(list)
        self._images: list[dict[str, str]] = []

    def note(self, tag: Tag) -> None:
        """Take what the tag says."""
        said = tag.attributes
        if tag.name == "title":
            self._values["title"].append(tag.text)
        elif tag.name == "base":
            self._values["base"].append(said.get("href", ""))
        elif tag.name == "link" and "canonical" in said.get("rel", "").lower().split():
            self._values["canonical"].append(said.get("href", ""))
        elif tag.name == "meta":
            for name in f"{said.get('property', '')} {said.get('name', '')}".lower().split():
                self._note_meta(name, said.get("content", ""))

    def _note_meta(self, name: str, content: str) -> None:
        if name in _KNOWN:
            self._values[name].append(content)
        elif name == _IMAGE or name.startswith(f"{_IMAGE}:"):
            self._note_image(name.removeprefix(_IMAGE).removeprefix(":"), content)

    def _note_image(self, part: str, content: str) -> None:
        """A property belongs to the last picture before it; one that has it already is followed by another."""
        last = self._images[-1] if self._images else None
        if part in _ADDRESSES and (not part or last is None or part in last):
            self._images.append({part: content})
        elif last is not None:
            last.setdefault(part, content)

    def metadata(self, url: str) -> Metadata:
        """The best of it.

        Args:
            url: where the page was found.
        """
        base = self._address("base", base=url) or url
        return Metadata(
            url=url,
            title=self._line(*TITLES),
            description=self._line(*DESCRIPTIONS),
            site_name=self._line(*SITES),
            canonical_url=self._address(*CANONICALS, base=base) or web_address(url),
            images=self._open_graph_images(base) or self._twitter_images(base),
        )

    def _line(self, *names: str) -> str:
        return next(filter(None, (line(text) for name in names for text in self._values.get(name, ()))), "")

    def _address(self, *names: str, base: str) -> str:
        values = (text for name in names for text in self._values.get(name, ()))
        return next(filter(None, (web_address(text, base) for text in values)), "")

    def _open_graph_images(self, base: str) -> tuple[Image, ...]:
        images: dict[str, Image] = {}
        for said in self._images:
            addresses = (web_address(said.get(part, ""), base) for part in _ADDRESSES)
            if url := next(filter(None, addresses), ""):
                images.setdefault(url, _image(url, said))
            if len(images) >= MOST_IMAGES:
                break
        return tuple(images.values())

    def _twitter_images(self, base: str) -> tuple[Image, ...]:
        url = self._address(*TWITTER_IMAGES, base=base)
        return (Image(url, alt=self._line(TWITTER_ALT)),) if url else ()


def _image(url: str, said: dict[str, str]) -> Image:
    return Image(
        url,
        width=_pixels(said.get("width", "")),
        height=_pixels(said.get("height", "")),
        type=line(said.get("type", "")),
        alt=line(said.get("alt", "")),
    )


def _pixels(text: str) -> int | None:
    found = _PIXELS.fullmatch(text)
    return int(found[1]) or None if found else None
