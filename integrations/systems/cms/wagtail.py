"""Wagtail's API v2: limit and offset; nothing in it filters by the time of modification."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from integrations.systems.cms.described import Described
from integrations.systems.cms.product import Listing, rows_at, total_remark
from integrations.transport.styles import Ask, Listed, Offset


class Wagtail(Described):
    """Pages of one type, or of all."""

    page_size = 20  # more is refused unless WAGTAILAPI_LIMIT_MAX says otherwise

    # https://docs.wagtail.org/en/stable/advanced_topics/api/v2/usage.html#pagination
    def listings(self, since: datetime | None) -> Sequence[Listing]:  # noqa: ARG002 - Wagtail cannot be asked for it
        """Every page, by id, which is Wagtail's own order."""
        style = Offset(self._size)
        return [Listing(style, partial(self._fetch, "list_articles"), self._article, self._key)]

    def check_health(self) -> str:
        """Ask for a single page."""
        return total_remark(self._fetch("check_health", Ask({"limit": 1, "offset": 0})).total)

    def _fetch(self, operation: str, ask: Ask) -> Listed:
        chosen: dict[str, Any] = {"type": self._collection} if self._collection else {}
        # https://docs.wagtail.org/en/stable/advanced_topics/api/v2/usage.html#all-fields
        params = {**chosen, "fields": "*", **self._extra, **ask.params}
        answer = self._get(operation, str(self._options["resource_path"]), params)
        return rows_at("items", answer, "meta.total_count")
