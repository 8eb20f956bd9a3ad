"""Reads a REST list of articles, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from integrations.systems.base import Options, Position
from integrations.systems.paths import at
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from integrations.transport.http import Transport
from integrations.transport.pagination import Batch, walk
from integrations.transport.styles import Ask, Listed, Offset

MOST_ARTICLES = 2**31 - 1


class Client:
    """One CMS, described by its options."""

    def __init__(self, transport: Transport, options: Options) -> None:
        self.options = options
        self._transport = transport
        self._path = str(options["resource_path"])
        styles = {"offset": Offset(int(options["page_size"]), str(options["limit_name"]), str(options["offset_name"]))}
        self._style = styles[options["pagination"]]
        self._extra = dict(parse_qsl(str(options["query"] or "")))
        self._items_path = str(options["items_path"])
        self._total_path = str(options["total_path"] or "")

    # https://docs.wagtail.org/en/stable/advanced_topics/api/v2/usage.html#pagination
    def list_articles(self, position: Position) -> Iterator[Batch]:
        """Pages of articles as the CMS sends them, from a position on."""
        return walk(partial(self._fetch, "list_articles"), self._style, position, key=self._id)

    def check_health(self) -> str:
        """Ask for a single article."""
        style = replace(self._style, size=1)
        total = self._fetch("check_health", style.ask(style.start, anchored=False)).total
        return "" if total is None else f"{total:,} articles."

    def _fetch(self, operation: str, ask: Ask) -> Listed:
        answer = self._transport.get_json(operation, self._path, {**self._extra, **ask.params})
        items = at(self._items_path, answer)
        if not isinstance(items, list):
            raise CallError(Code.BAD_ANSWER, f"There is no list at “{self._items_path}” in the answer.")
        total = at(self._total_path, answer)
        # A count that is none (negative, true, astronomical) must neither end the walk nor break a column.
        return Listed(items, total if type(total) is int and 0 <= total <= MOST_ARTICLES else None)

    def _id(self, raw: Any) -> Any:
        return at(str(self.options["id_path"]), raw)
