"""Reads a REST list of articles, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qsl

import jmespath

from integrations.systems.base import Options
from integrations.transport.details import Outcome
from integrations.transport.errors import CallError
from integrations.transport.http import Transport
from integrations.transport.pagination import Batch, by_offset

MOST_ARTICLES = 2**31 - 1


class Client:
    """One CMS, described by its options."""

    def __init__(self, transport: Transport, options: Options) -> None:
        self.options = options
        self._transport = transport
        self._path = str(options["resource_path"])
        self._names = (str(options["limit_name"]), str(options["offset_name"]))
        self._page_size = int(options["page_size"])
        self._extra = dict(parse_qsl(str(options["query"] or "")))
        self._items_path = str(options["items_path"])
        self._total_path = str(options["total_path"] or "")

    # https://docs.wagtail.org/en/stable/advanced_topics/api/v2/usage.html#pagination
    def list_articles(self, offset: int) -> Iterator[Batch]:
        """Pages of articles as the CMS sends them, from an offset on."""
        return by_offset(lambda at: self._fetch("list_articles", at, self._page_size), offset)

    def check_health(self) -> str:
        """Ask for a single article."""
        _, total = self._fetch("check_health", 0, 1)
        return "" if total is None else f"{total:,} articles."

    def _fetch(self, operation: str, offset: int, limit: int) -> tuple[Sequence[Any], int | None]:
        limit_name, offset_name = self._names
        params = {**self._extra, limit_name: limit, offset_name: offset}
        answer = self._transport.get_json(operation, self._path, params)
        items = jmespath.search(self._items_path, answer)
        if not isinstance(items, list):
            raise CallError(Outcome.BAD_ANSWER, f"There is no list at “{self._items_path}” in the answer.")
        total = jmespath.search(self._total_path, answer) if self._total_path else None
        # A count that is none (negative, true, astronomical) must neither end the walk nor break a column.
        return items, total if type(total) is int and 0 <= total <= MOST_ARTICLES else None
