"""What an answer looks like: its lists, its values, and the fields of an item, with paths as options want them."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from integrations.systems.stamps import parse_stamp
from integrations.text import storable
from integrations.transport.telling import BLANK, blank_named


@dataclass(frozen=True)
class Finding:
    """One value of an answer.

    Attributes:
        path: JMESPath of it; of a field of an item from the item on, as options want it.
        holds: its kind in words, such as “list of 20 objects” or “text”.
        example: the value itself, shortened; empty for lists and objects.
    """

    path: str
    holds: str
    example: str = ""


@dataclass(frozen=True)
class Shape:
    """What an answer looks like, for staff who describe it with paths.

    Attributes:
        suggestions: values that would fit options, by the name of the option.
    """

    findings: Sequence[Finding]
    suggestions: Mapping[str, str] = field(default_factory=dict)


DEEPEST = 6
MOST_VALUES = 200
LONGEST_NAME = 100
LONGEST_EXAMPLE = 60
LOOKED_AT = 2000  # of a text, to see whether it holds a secret
LIST_NAMES = {
    *(
        "items",
        "results",
        "records",
        "data",
        "value",
        "values",
        "rows",
        "entries",
        "hits",
        "content",
        "docs",
        "features",
    ),
    *("objects", "list"),
}
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "yes or no"),
    (int, "whole number"),
    (float, "number"),
    (str, "text"),
    (list, "list"),
    (dict, "object"),
)


@dataclass(frozen=True)
class Seen:
    """One value of an answer and the names that lead to it."""

    names: tuple[str, ...]
    value: Any

    @property
    def path(self) -> str:
        """JMESPath of it."""
        return ".".join(name if _PLAIN.fullmatch(name) else json.dumps(name) for name in self.names) or "@"

    @property
    def name(self) -> str:
        """The last name as words go: in small letters and without signs."""
        return plain(self.names[-1]) if self.names else ""


def plain(name: str) -> str:
    """A name without the ways in which vendors spell names: totalCount, total_count, TotalCount."""
    return "".join(each for each in name.lower() if each.isalnum())


def look(data: Any) -> list[Seen]:
    """The values that names lead to, those with few names first; into lists nobody looks."""
    return list(islice(_values(data), MOST_VALUES))


def _values(data: Any) -> Iterator[Seen]:
    waiting = deque([Seen((), data)])
    while waiting:
        seen = waiting.popleft()
        if isinstance(seen.value, dict) and seen.value and len(seen.names) < DEEPEST:
            named = (each for each in seen.value.items() if len(each[0]) <= LONGEST_NAME)
            waiting.extend(Seen((*seen.names, name), value) for name, value in named)
        else:
            yield seen


def list_of_items(seen: Sequence[Seen]) -> Seen | None:
    """The list that staff most likely mean: of objects, under one of the usual names, the longest; or an empty one."""
    lists = [each for each in seen if isinstance(each.value, list)]
    return max(lists, key=_likelihood, default=None)


def _likelihood(seen: Seen) -> tuple[bool, bool, int]:
    usual = not seen.names or seen.name in LIST_NAMES
    return bool(_objects(seen.value)), usual, len(seen.value)


def first_object(items: Sequence[Any]) -> Mapping[str, Any]:
    """The item whose fields are shown; empty where none is an object."""
    return next(iter(_objects(items)), {})


def _objects(items: Sequence[Any]) -> list[Mapping[str, Any]]:
    return [each for each in items if isinstance(each, dict)]


def finding(seen: Seen, *, of_item: bool = False) -> Finding:
    """As staff read it."""
    return Finding(seen.path, holds(seen.value) + (", in each item" if of_item else ""), _example(seen))


def holds(value: Any) -> str:
    """The kind of a value in words."""
    if isinstance(value, list):
        return _list_in_words(value)
    if isinstance(value, dict):
        return f"object with {_counted(len(value), 'name')}" if value else "empty object"
    if isinstance(value, str) and parse_stamp(value):
        return "moment"
    return "nothing" if value is None else _kind(value)


def _list_in_words(values: Sequence[Any]) -> str:
    kinds = {_kind(value) for value in values}
    return f"list of {_counted(len(values), kinds.pop() if len(kinds) == 1 else 'value')}" if values else "empty list"


def _kind(value: Any) -> str:
    return next((word for kind, word in _KINDS if isinstance(value, kind)), "value")


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}" if count == 1 or word == "yes or no" else f"{count:,} {word}s"


def _example(seen: Seen) -> str:
    """The value, unless it or a name on the way to it gives a secret away."""
    if isinstance(seen.value, list | dict) or seen.value is None:
        return ""
    nested: Any = (seen.value if isinstance(seen.value, str) else json.dumps(seen.value))[:LOOKED_AT]
    text = storable(nested)
    for name in reversed(seen.names):
        nested = {name: nested}
    line = json.dumps(nested)
    if blank_named(line) != line:
        return BLANK
    return text if len(text) <= LONGEST_EXAMPLE else f"{text[:LONGEST_EXAMPLE]}…"
