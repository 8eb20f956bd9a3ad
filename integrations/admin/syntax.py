"""Bodies in colour. Whatever a remote sends is shown in linear time and as text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby, islice
from typing import ClassVar

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString
from pygments.lexer import Lexer, RegexLexer
from pygments.lexers.data import JsonLexer
from pygments.token import Comment, Keyword, Name, Number, String, Text, _TokenType

from integrations import formatting
from integrations.text import storable

MOST_PIECES = 20_000  # a browser grows slow with more; what comes after them has no colours
NAMES = {Name: "c-s-name", String: "c-s-text", Number: "c-s-number", Keyword: "c-s-word", Comment: "c-s-aside"}


class MarkupLexer(RegexLexer):
    """XML and HTML. Pygments' own look from every `&` and `<!--` for the end, which a remote can make take minutes."""

    tokens: ClassVar = {
        "root": [
            (r"[^<&]+", Text),
            (r"&#?\w{1,32};", Name.Entity),
            (r"<!--", Comment, "comment"),
            (r"<[!?]", Comment, "declaration"),
            (r"</?[\w:.-]+", Name.Tag, "tag"),
            (r"[<&]", Text),
        ],
        "comment": [(r"[^-]+", Comment), (r"-->", Comment, "#pop"), (r"-", Comment)],
        "declaration": [(r"[^>]+", Comment), (r">", Comment, "#pop")],
        "tag": [
            (r"\s+", Text),
            (r"/?>", Name.Tag, "#pop"),
            (r"[\w:.-]+", Name.Attribute),
            (r'"', String, "double"),
            (r"'", String, "single"),
            (r"[^\s>\w:.\"'-]", Text),
            (r"-", Text),
        ],
        "double": [(r'[^"]+', String), (r'"', String, "#pop")],
        "single": [(r"[^']+", String), (r"'", String, "#pop")],
    }


class FormLexer(RegexLexer):
    """Names and values of a form, one field a line."""

    tokens: ClassVar = {
        "root": [(r"[^=&\n]+", Name, "value"), (r"[=&\n]", Text)],
        "value": [(r"\n", Text, "#pop"), (r"=", Text), (r"[^=\n]+", String)],
    }


def coloured(body: str, headers: Mapping[str, str]) -> SafeString:
    """A body as HTML, by its type; as it is where nothing is known of it."""
    body = storable(body)
    kind = next((value for name, value in headers.items() if name.lower() == "content-type"), "").lower()
    if "form-urlencoded" in kind:
        return _painted(FormLexer(), body.replace("&", "\n"))
    if "json" in kind or _is_json(body):
        return _painted(JsonLexer(), storable(formatting.pretty(body)))
    if "xml" in kind or "html" in kind or body.lstrip().startswith("<"):
        return _painted(MarkupLexer(), body)
    return escape(body)


def _is_json(body: str) -> bool:
    if not body.lstrip().startswith(("{", "[")):
        return False
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


def _painted(lexer: Lexer, text: str) -> SafeString:
    return format_html_join("", "{}", ((piece,) for piece in _pieces(text, lexer.get_tokens_unprocessed(text))))


def _pieces(text: str, tokens: Iterable[tuple[int, _TokenType, str]]) -> Iterator[SafeString]:
    shown = 0
    for name, run in islice(groupby(tokens, lambda token: _name_of(token[1])), MOST_PIECES):
        value = "".join(part for _at, _kind, part in run)
        shown += len(value)
        yield format_html('<span class="{}">{}</span>', name, value) if name else escape(value)
    yield escape(text[shown:])


def _name_of(kind: _TokenType) -> str:
    return next((name for parent, name in NAMES.items() if kind[: len(parent)] == parent), "")
