"""A payload as a tree that opens and closes; bounded, whatever a sender sends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from integrations.text import storable

MOST_VALUES = 2000
DEEPEST = 30
OPEN_TO = 2
LONGEST = 500  # characters of one text
CUT = mark_safe('<li class="c-faint">The rest is in the download.</li>')


class Tree:
    """Draws one value and counts what it has drawn."""

    def __init__(self) -> None:
        self._left = MOST_VALUES

    def drawn(self, value: Any, depth: int = 0) -> SafeString:
        """As HTML: nested lists in `details`, other values in their colour."""
        if isinstance(value, dict | list) and value:
            return self._branch(value, depth)
        return _leaf(value)

    def _branch(self, value: dict[str, Any] | list[Any], depth: int) -> SafeString:
        noun = "field" if isinstance(value, dict) else "item"
        size = f"{len(value):,} {noun}{'' if len(value) == 1 else 's'}"
        if depth >= DEEPEST:
            return format_html('<span class="c-faint">{}, nested too deep to be shown</span>', size)
        entries = format_html_join("", "{}", ((entry,) for entry in self._entries(value, depth)))
        opened = mark_safe(" open") if depth < OPEN_TO else ""
        return format_html(
            '<details class="c-branch"{}><summary>{}</summary><ul>{}</ul></details>', opened, size, entries
        )

    def _entries(self, value: dict[str, Any] | list[Any], depth: int) -> Iterator[SafeString]:
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for name, each in pairs:
            if self._left <= 0:
                yield CUT
                return
            self._left -= 1
            key = _cut(str(name))
            yield format_html('<li><span class="c-s-name">{}</span> {}</li>', key, self.drawn(each, depth + 1))


def _leaf(value: Any) -> SafeString:
    if isinstance(value, str):
        return format_html('<span class="c-s-text">{}</span>', _cut(value) or "“”")
    if isinstance(value, bool) or value is None:
        return format_html('<span class="c-s-word">{}</span>', {True: "true", False: "false", None: "null"}[value])
    if isinstance(value, dict | list):
        return format_html('<span class="c-faint">{}</span>', "{}" if isinstance(value, dict) else "[]")
    return format_html('<span class="c-s-number">{}</span>', value)


def _cut(text: str) -> str:
    text = storable(text)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
