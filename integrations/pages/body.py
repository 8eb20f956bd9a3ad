"""The text of an essay, which strangers wrote, as HTML that does no harm in a page of ours."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePath

import nh3
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt

from integrations.models import Essay

LONGEST = 60_000  # forty pages; what means harm keeps the parsers busy for seconds where it is longer
REMEMBERED = 32
WORDS_A_MINUTE = 230

TEXT_TAGS = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "ul", "ol", "li", "dl", "dt", "dd"),
    *("em", "strong", "i", "b", "u", "s", "del", "ins", "mark", "small", "sub", "sup", "code", "kbd", "samp", "var"),
    *("abbr", "cite", "q", "time", "figure", "figcaption", "details", "summary", "div", "span", "a"),
    *("table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"),
}
ATTRIBUTES = {
    "a": {"href", "title"},
    "abbr": {"title"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "ol": {"start"},
}
SCHEMES = {"http", "https", "mailto"}
_PICTURES = nh3.Cleaner(
    tags=TEXT_TAGS | {"img"}, attributes={**ATTRIBUTES, "img": {"src", "alt"}}, url_schemes=SCHEMES, link_rel=None
)
# Ids, classes, styles and every data-, hx- and x- attribute go: nothing of the text can name or drive our page.
_TEXT = nh3.Cleaner(
    tags=TEXT_TAGS,
    attributes=ATTRIBUTES,
    url_schemes=SCHEMES,
    url_relative="deny",  # relative to the source, which is not here
    link_rel="noopener noreferrer nofollow",
)
_PICTURE = re.compile(r'<img((?: [a-z]+="[^"]*")*)>')
_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
_FORMATS = {".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html"}


@dataclass(frozen=True)
class Body:
    """A text that can be shown.

    Attributes:
        html: sanitised.
        is_cut: there is more of it at the source.
        minutes: that it takes to read.
    """

    html: SafeString
    is_cut: bool
    minutes: int


def shown(essay: Essay) -> Body:
    """The essay's text."""
    html = _rendered(essay.body[:LONGEST], is_markdown(essay))
    words = len(re.sub(r"<[^>]*>", " ", html).split())
    return Body(html, len(essay.body) > LONGEST, max(1, round(words / WORDS_A_MINUTE)))


@lru_cache(REMEMBERED)
def _rendered(text: str, is_markdown: bool) -> SafeString:
    return clean(_MARKDOWN.render(text) if is_markdown else text)


def is_markdown(essay: Essay) -> bool:
    """By the ending of its file where it has one; else HTML is what begins with a tag."""
    known = _FORMATS.get(PurePath(essay.external_id).suffix.lower())
    return known == "markdown" if known else not re.match(r"\s*<[a-zA-Z!]", essay.body)


def clean(html: str) -> SafeString:
    """HTML without anything that runs, loads, is sent, or reaches out of its place.

    Pictures at the source become links to them: the page loads nothing from strangers. The sanitiser has the last word.
    """
    with_pictures: str = _PICTURES.clean(html)
    with_links = _PICTURE.sub(_as_link, with_pictures)
    return SafeString(_TEXT.clean(with_links))


def _as_link(picture: re.Match[str]) -> str:
    said: dict[str, str] = dict(re.findall(r'([a-z]+)="([^"]*)"', picture[1]))
    if not said.get("src", "").startswith(("http:", "https:")):
        return said.get("alt", "")
    return f'<a href="{said["src"]}">Picture: {said.get("alt") or "without a description"}</a>'
