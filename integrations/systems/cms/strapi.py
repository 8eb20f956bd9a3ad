"""Strapi 5's REST API: entries of a content type, by offset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from integrations.systems.base import Options
from integrations.systems.cms.described import Described
from integrations.systems.cms.product import Listing, in_utc, rows_at, total_remark
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from integrations.transport.styles import Ask, Listed, Offset

LIMIT, START = "pagination[limit]", "pagination[start]"


class Strapi(Described):
    """One content type; what is published in it, unless “Further parameters” say otherwise."""

    collection = "articles"
    id_path = "documentId"  # Strapi gives an entry another `id` each time it is published

    # https://docs.strapi.io/cms/api/rest/sort-pagination
    def listings(self, since: datetime | None) -> Sequence[Listing]:
        """Every entry in the order in which they were made, or what changed since in the order in which it did."""
        asked = {"sort[0]": "createdAt:asc", "sort[1]": "documentId:asc"}
        if since:
            asked = {**asked, "sort[0]": "updatedAt:asc", "filters[updatedAt][$gte]": in_utc(since)}
        # It clamps the limit without a word; the walk goes on by what came.
        style = Offset(self._size, limit=LIMIT, offset=START)
        return [Listing(style, partial(self._fetch, "list_articles", asked), self._article, self._key)]

    def check_health(self) -> str:
        """Ask for a single entry."""
        return total_remark(self._fetch("check_health", {}, Ask({START: 0, LIMIT: 1})).total)

    def _fetch(self, operation: str, asked: Mapping[str, Any], ask: Ask) -> Listed:
        # https://docs.strapi.io/cms/api/rest/populate-select: without it neither pictures nor authors come
        params = {"populate": "*", **self._extra, **asked, **ask.params}
        answer = self._get(operation, f"/api/{self._place}", params)
        return rows_at("data", answer, "meta.pagination.total")

    @property
    def _paths(self) -> Options:
        return {name: value for name, value in super()._paths.items() if name != "id_path"}

    @property
    def _mend(self) -> str:
        return "Strapi 5 has one in every entry; for an older Strapi choose “Any REST list” as product."

    def _hint(self, error: CallError) -> str:
        if error.code is Code.FORBIDDEN:
            return "Allow “find” for the content type: of the token, or, without one, of the Public role."
        if error.code is Code.NOT_FOUND:
            return f"Check “Collection” ({self._collection}): it is the plural API id of the content type."
        return ""
