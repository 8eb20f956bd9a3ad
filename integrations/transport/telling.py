"""Blanks what stands under a telling name, in JSON, forms, XML, multipart, headers and addresses alike.

One walk from telling word to telling word, and at each a look at what is written round it. Nothing is
parsed: bodies are cut, broken, and nested in each other's strings. Every look is bounded and the walk
never goes back, so that bodies of strangers take linear time. What is left open is blanked to its end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ahocorasick_rs import AhoCorasick, MatchKind

BLANK = "[redacted]"
LOOK_BACK = 120
LONGEST_ELEMENT = 8 * 1024  # a key of 8,192 bits has 6.4 KB

# Those with “=” give away in an address and are ordinary words elsewhere.
_WORDS = (
    *("token", "passw", "passphrase", "pwd", "secret", "credential", "cookie", "bearer", "basic", "assertion"),
    *("authorization", "authorisation", "auth=", "key=", "jwt=", "sig=", "signature=", "session="),
    *(f"{kind}{dash}key" for kind in ("api", "access", "private", "session") for dash in ("", "-", "_")),
    *(f"session{dash}id" for dash in ("", "-", "_")),
)
# One pass over the text whatever the number of words. Of those that overlap the leftmost and longest counts.
_FIND_WORDS = AhoCorasick(_WORDS, matchkind=MatchKind.LeftmostLongest).find_matches_as_indexes

_PARAMETER = re.compile(r"[?&#;](?:[\w.%-]{0,100}[_.-])?$")
_USERINFO = re.compile(r"(:(?:\\?/){2})[^\s/?#\"'<>\\]{1,300}@")
_ENCODED_USERINFO = re.compile(r"(%3a%2f%2f)(?:(?!%(?:2f|3f|26)|%40)[^\s/?#&\"'<>\\]){1,300}%40", re.IGNORECASE)

# A quote as it is written in JSON, JSON in JSON, HTML, and addresses.
_QUOTE = r"(?P<slashes>(?:\\|%5c){0,63})(?P<quote>[\"'`]|&quot;|&#34;|&#x22;|%22)"
_ANY_QUOTE = r"(?:(?:\\|%5c){0,63}(?:[\"'`]|&quot;|&#34;|&#x22;|%22))"
_CLOSING = {  # from where a row of backslashes begins, or each of them would be a beginning
    quote: re.compile(rf"(?<!\\)(?<!%5c)((?:\\|%5c)*+){re.escape(quote)}")
    for quote in ('"', "'", "`", "&quot;", "&#34;", "&#x22;", "%22")
}
_OPENED = re.compile(_QUOTE)
_BRACKET = re.compile(rf"[\[\]{{}}]|{_QUOTE}")

_QUOTED_NAME = re.compile(rf"[^\"'`\\<>=:&%\r\n]{{0,100}}{_QUOTE}[ \t]{{0,20}}(?::|%3a|=>)\s{{0,20}}")
_SCALAR = re.compile(r"(?!(?:true|false|null|none)\b)[^\s,;\[\]{}\"'<>&\\]+")
_EQUALS = re.compile(r"[\w.\[\]-]{0,100}(?:%5b%5d)?[ \t]{0,2}={1,2}[ \t]{0,2}")
_EQUALS_ENCODED = re.compile(r"[\w.-]{0,100}%3d")
_FORM_VALUE = re.compile(r"(?:[^&\s\"'<>\\]|\\(?![\\\"'nr]|u00))+")
_ENCODED_VALUE = re.compile(r"(?:(?!%26)[^&\s\"'<>\\])+")
_COLON = re.compile(r"[\w.-]{0,100}:[ \t]{0,20}")
_LINE_BEGINS = re.compile(r"(?:^|[\r\n]|\\[rn])[ \t]{0,20}[\w-]{0,100}$")
_LINE = re.compile(r"[^\r\n]+")
_ESCAPED_LINE = re.compile(r"[^\r\n\"\\]+")
_SECRET_LOOKING = re.compile(r"(?=[a-z_.~+/=-]{0,400}\d)[\w.~+/=-]{8,}")
_CREDENTIALS = re.compile(r"(?:\s|\+|%20)\s?([\w.~+/=%-]{6,})")
_WORDS_ONLY = re.compile(r"[A-Z]?[a-z_.-]+=?")  # “Bearer authentication”, “Basic realm=”

_TAG_BEGINS = re.compile(r"(?P<opener><|&lt;|\\u003c)(?P<name>[\w:.-]{0,100})$")
_TAG_ENDS = re.compile(r"(?P<name>[\w:.-]{0,100})(?:\s[^<>]{0,1000}?)?(?<!/)(?:>|&gt;|\\u003e)")
_LABEL_BEGINS = re.compile(
    rf"\b(?:name|key|field|type|id|header){_ANY_QUOTE}?\s{{0,5}}[:=]\s{{0,5}}{_ANY_QUOTE}[^\"'<>\r\n]{{0,100}}$"
)
_PART = re.compile(r"[^\"\r\n]{0,100}\"[^\r\n]{0,200}(?:\r?\n[^\r\n]{1,200}){0,5}\r?\n\r?\n")
_LABELLED_TEXT = re.compile(r"[^\"'<>\r\n]{0,100}[\"'][^<>]{0,200}>")
_LABELLED_VALUE = re.compile(
    rf"[^\"'\\<>\r\n]{{0,100}}{_ANY_QUOTE}[^<>{{}}]{{0,200}}?\b(?:value|content){_ANY_QUOTE}?\s{{0,5}}[:=]\s{{0,5}}"
)
_TO_TAG = re.compile(r"[^<\"\r\n]+")


@dataclass(frozen=True)
class Found:
    """A telling word.

    Attributes:
        text: all of it, in lower case.
        raw: as it came, position by position the same.
    """

    raw: str
    text: str
    start: int
    end: int

    @property
    def before(self) -> str:
        """What stands right before the word."""
        return self.text[max(0, self.start - LOOK_BACK) : self.start]


@dataclass(frozen=True)
class Span:
    """What is to be blanked; `quote` is put round the blank where there was no text but a number or a list."""

    start: int
    end: int
    quote: str = ""


def blank_named(text: str) -> str:
    """The text without values under telling names and without users and passwords in its addresses.

    Args:
        text: without halves of characters, see `storable`.
    """
    if "@" in text:
        text = _USERINFO.sub(rf"\1{BLANK}@", text)
    if "%" in text and "%40" in text:  # one character is found many times faster than three
        text = _ENCODED_USERINFO.sub(rf"\1{BLANK}%40", text)
    kept: list[str] = []
    at = 0
    for span in _spans(text):
        kept += text[at : span.start], span.quote, BLANK, span.quote
        at = span.end
    return "".join((*kept, text[at:])) if kept else text


def _spans(raw: str) -> Iterator[Span]:
    text = raw.replace("İ", "I").lower()  # the one letter that grows when it is made small
    at = 0
    for word, start, end in _FIND_WORDS(text):
        if start < at:
            continue
        span = _span_of(Found(raw, text, start, end), _WORDS[word])
        if span and span.end > span.start:
            yield span
        at = span.end if span else end


def _span_of(found: Found, word: str) -> Span | None:
    if word.endswith("="):
        return _match(_FORM_VALUE, found.text, found.end) if _PARAMETER.search(found.before) else None
    if word in {"bearer", "basic"}:
        said = _CREDENTIALS.match(found.raw, found.end)
        return Span(*said.span(1)) if said and not _WORDS_ONLY.fullmatch(said[1]) else None
    return next(filter(None, (look(found) for look in _LOOKS)), None)


def _match(pattern: re.Pattern[str], text: str, at: int) -> Span | None:
    match = pattern.match(text, at)
    return Span(*match.span()) if match else None


def _of_element(found: Found) -> Span | None:
    begins = _TAG_BEGINS.search(found.before)
    ends = begins and _TAG_ENDS.match(found.text, found.end)
    if not begins or not ends:
        return None
    name, at = begins["name"] + found.text[found.start : found.end] + ends["name"], ends.end()
    for slash in ("/", "\\/"):
        closing = found.text.find(f"{begins['opener']}{slash}{name}", at, at + LONGEST_ELEMENT)
        if closing >= 0:
            return Span(at, closing)
    return _match(_TO_TAG, found.text, at)  # cut, or a word in a sentence


def _of_pair(found: Found) -> Span | None:
    """A quoted name, a colon, and a string, number, list or object."""
    name = _QUOTED_NAME.match(found.text, found.end)
    if not name:
        return None
    at, quote = name.end(), name["slashes"] + name["quote"]
    if found.text[at : at + 1] in {"[", "{"}:
        return Span(at, _end_of_brackets(found.text, at), quote)
    if string := _string(found.text, at):
        return string
    scalar = _match(_SCALAR, found.text, at)
    return Span(scalar.start, scalar.end, quote) if scalar else None


def _of_parameter(found: Found) -> Span | None:
    if equals := _EQUALS.match(found.text, found.end):
        at = equals.end()
        quoted = not found.text.startswith("%", at)  # an encoded quote is a character of the value
        return (_string(found.text, at) if quoted else None) or _match(_FORM_VALUE, found.text, at)
    encoded = _EQUALS_ENCODED.match(found.text, found.end)
    return _match(_ENCODED_VALUE, found.text, encoded.end()) if encoded else None


def _of_line(found: Found) -> Span | None:
    """A name without quotes and a colon: a header, or a word in a sentence that goes on as words do."""
    colon = _COLON.match(found.text, found.end)
    if not colon:
        return None
    if begins := _LINE_BEGINS.search(found.before):
        line = _ESCAPED_LINE if begins[0].startswith("\\") else _LINE
        return _string(found.text, colon.end()) or _match(line, found.text, colon.end())
    return _string(found.text, colon.end()) or _match(_SECRET_LOOKING, found.text, colon.end())


def _of_label(found: Found) -> Span | None:
    """A telling word that is itself a value: name="password", and its value in what follows."""
    label = _LABEL_BEGINS.search(found.before)
    if not label:
        return None
    if label[0].startswith("name=") and (part := _PART.match(found.text, found.end)):
        return Span(part.end(), _end_of_part(found.text, part.end()))
    if value := _LABELLED_VALUE.match(found.text, found.end):
        return _string(found.text, value.end()) or _match(_SCALAR, found.text, value.end())
    element = _LABELLED_TEXT.match(found.text, found.end)
    return _match(_TO_TAG, found.text, element.end()) if element else None


_LOOKS: tuple[Callable[[Found], Span | None], ...] = (_of_element, _of_pair, _of_parameter, _of_line, _of_label)


def _string(text: str, at: int) -> Span | None:
    """The inside of the string that begins here."""
    opened = _OPENED.match(text, at)
    return Span(opened.end(), _end_of_string(text, opened)[0]) if opened else None


def _end_of_string(text: str, opened: re.Match[str]) -> tuple[int, int]:
    """Where the inside of a string ends, and where its closing quote does; both the end of an open one."""
    depth = _backslashes(opened["slashes"])
    for quote in _CLOSING[opened["quote"]].finditer(text, opened.end()):
        # At this depth a backslash of the value is written as 2 * (depth + 1) of them, and a quote of the
        # value has more of them left over than the one that closes it.
        if _backslashes(quote[1]) % (2 * (depth + 1)) <= depth:
            return quote.end(1) - min(len(opened["slashes"]), len(quote[1])), quote.end()
    return len(text), len(text)


def _backslashes(slashes: str) -> int:
    return slashes.count("\\") + slashes.count("%")


def _end_of_brackets(text: str, at: int) -> int:
    depth, bracket = 0, _BRACKET.match(text, at)
    while bracket:
        if bracket["quote"]:
            at = _end_of_string(text, bracket)[1]
        else:
            depth += 1 if bracket[0] in "[{" else -1
            at = bracket.end()
        if depth == 0:
            return at
        bracket = _BRACKET.search(text, at)
    return len(text)


def _end_of_part(text: str, at: int) -> int:
    """Where the next line with the boundary begins, which is the body's first line."""
    first = text.partition("\n")[0].strip()
    end = text.find("\n" + (first if first.startswith("--") else "--"), at)
    return len(text) if end < 0 else end
