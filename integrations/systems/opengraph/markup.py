"""The tags in the head of a page, whatever else is in it, in time that grows with its length alone.

Not html.parser: that of Python 3.11 takes hours for a megabyte of tags that never end, and a reference to a
character with thousands of digits stops it. Tags are read as browsers read them.
https://html.spec.whatwg.org/multipage/parsing.html#tokenization
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_OPENING = re.compile(r"<(?:(!--)|[!?]|/(?![a-zA-Z])|(/?)([a-zA-Z][^\t\n\f\r />]*))")
# One of its groups has the value; the last a quote that never ends. No part can give back what another would take.
_ATTRIBUTE = re.compile(
    r"[\t\n\f\r /]*([^\t\n\f\r />][^\t\n\f\r />=]*)"
    r"(?:[\t\n\f\r ]*=[\t\n\f\r ]*"
    r"""(?:"([^"]*)"|'([^']*)'|([^\t\n\f\r >"'][^\t\n\f\r >]*)|(["'])|(?=>)))?"""
)
_CLOSING = re.compile(r"[\t\n\f\r /]*>?")
_COMMENT_END = re.compile(r"--!?>")
_TITLE_END = re.compile(r"</title|(?=<(?:meta|link|base|script|style|/head|body)\b)", re.IGNORECASE)
_RAW = ("script", "style", "noframes", "noembed", "iframe", "xmp", "textarea")
_RAW_ENDS = {name: re.compile(rf"(?=</{name}[\t\n\f\r />])", re.IGNORECASE) for name in _RAW}
_OF_HEAD = frozenset(
    {"html", "head", "base", "basefont", "bgsound", "link", "meta", "noscript", "template", "title", *_RAW}
)
_WANTED = frozenset({"meta", "link", "base", "title"})
_HUGE_NUMBER = re.compile(r"&#[0-9]{20,};?")
_PARAMETER = re.compile(r"&(?=[a-zA-Z0-9]{1,32}=)")  # &copy=1 in an address is no ©


@dataclass(frozen=True)
class Tag:
    """A tag of the head that says something.

    Attributes:
        name: meta, link, base or title.
        attributes: names in lower case.
        text: of a title.
    """

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    text: str = ""


class Head:
    """Gives the tags of a page until its body begins. Runs once.

    Args:
        is_xml: an element may be empty by its slash.
    """

    def __init__(self, markup: str, *, is_xml: bool = False) -> None:
        self._markup = markup
        self._is_xml = is_xml
        self._at = 0
        self._is_over = False

    def __iter__(self) -> Iterator[Tag]:
        while found := _OPENING.search(self._markup, self._at):
            self._at = found.end()
            is_comment, slash, name = found[1], found[2], (found[3] or "").lower()
            if is_comment:
                self._at -= 2  # <!--> is a comment too
                self._past(_COMMENT_END)
            elif not name:
                self._at = self._markup.find(">", self._at) + 1 or len(self._markup)
            elif self._begins_body(slash, name):
                return
            else:
                attributes, is_empty = self._attributes()
                if not slash:
                    yield from self._tag(name, attributes, is_empty=is_empty)

    def _begins_body(self, slash: str, name: str) -> bool:
        """Browsers take what follows </head> for a part of it where it can be."""
        if slash:
            self._is_over = self._is_over or name == "head"
            return False
        return name == "body" or (self._is_over and name not in _OF_HEAD)

    def _tag(self, name: str, attributes: dict[str, str], *, is_empty: bool) -> Iterator[Tag]:
        text = ""
        if name == "title" and not is_empty:
            text = self._past(_TITLE_END)
        elif name in _RAW_ENDS and not is_empty:
            self._past(_RAW_ENDS[name])
        if name in _WANTED:
            yield Tag(name, {key: _attribute(value) for key, value in attributes.items()}, _unescaped(text))

    def _past(self, end: re.Pattern[str]) -> str:
        """What is before that end, behind which reading goes on; all there is, if it never ends."""
        start, found = self._at, end.search(self._markup, self._at)
        self._at = found.end() if found else len(self._markup)
        return self._markup[start : found.start() if found else None]

    def _attributes(self) -> tuple[dict[str, str], bool]:
        """Those of the tag that has begun, the first of a name; and whether it ends with a slash."""
        attributes: dict[str, str] = {}
        while found := _ATTRIBUTE.match(self._markup, self._at):
            self._at = found.end()
            if found[5]:  # the rest of the page is in these quotes: there is no such tag
                self._at = len(self._markup)
                return {}, False
            attributes.setdefault(found[1].lower(), found[2] or found[3] or found[4] or "")
        closing = _CLOSING.match(self._markup, self._at)
        assert closing  # it matches nothing, too
        self._at = closing.end()
        return attributes, self._is_xml and closing[0].endswith("/>")


def _attribute(value: str) -> str:
    return _unescaped(_PARAMETER.sub("&amp;", value))


def _unescaped(text: str) -> str:
    """With its references to characters; Python refuses numbers of thousands of digits."""
    return html.unescape(_HUGE_NUMBER.sub("\N{REPLACEMENT CHARACTER}", text))
