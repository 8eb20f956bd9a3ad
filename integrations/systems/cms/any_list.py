"""Any REST list of articles, described by the options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from integrations.systems.base import Options
from integrations.systems.cms.described import Described
from integrations.systems.cms.product import Listing, in_utc, total_remark
from integrations.systems.rest_list import doubt, listed, page_or_end, parameters_of, query_of, style_of
from integrations.systems.shapes import Shape
from integrations.systems.suggestions import shape_of
from integrations.transport.http import Transport
from integrations.transport.pagination import Batch
from integrations.transport.styles import Ask, Listed, Offset, PageNumber


class AnyList(Described):
    """A list at one path."""

    page_size = 20

    def __init__(self, transport: Transport, options: Options) -> None:
        super().__init__(transport, options)
        self._paging = {**options, "page_size": self._size}
        self._parameters = parameters_of(self._paging, str(options["query"] or ""))

    def listings(self, since: datetime | None) -> Sequence[Listing]:
        """All of it, or what changed since, where staff name the parameter for that."""
        name = str(self._options["since_name"] or "")
        asked = {name: in_utc(since)} if since and name else {}
        fetch = partial(self._fetch, "list_articles", asked)
        return [Listing(style_of(self._paging), fetch, self._article, self._key)]

    def check_health(self) -> str:
        """Ask for a single article, where the style of the list allows that."""
        style = style_of(self._paging)
        if isinstance(style, Offset | PageNumber):
            style = replace(style, size=1)
        return total_remark(self._fetch("check_health", {}, style.ask(style.start, anchored=False)).total)

    def detect_shape(self) -> Shape:
        """Of the answer as it comes, wherever its list is."""
        answer = self._get("detect_shape", str(self._options["resource_path"]), self._extra)
        return shape_of(answer, self._options)

    def _fetch(self, operation: str, asked: Mapping[str, Any], ask: Ask) -> Listed:
        return page_or_end(partial(self._page, operation, asked), ask, self._paging)

    def _page(self, operation: str, asked: Mapping[str, Any], ask: Ask) -> Listed:
        path, params = str(self._options["resource_path"]), query_of(ask, {**self._parameters, **asked})
        return listed(self._get(operation, ask.link or path, params), self._options)

    def _remark(self, batch: Batch) -> str:
        return batch.remark or doubt(batch, self._paging)

    def _base(self, url: str) -> str:
        return url or super()._base(url)
