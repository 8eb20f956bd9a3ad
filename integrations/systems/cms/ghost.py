"""Ghost's Content API: posts or pages, by page number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from integrations.systems.base import BadItem
from integrations.systems.cms.addresses import absolute, resolved
from integrations.systems.cms.product import (
    Article,
    Listing,
    Product,
    moment,
    rows_at,
    total_remark,
    without_id,
    words,
)
from integrations.systems.paths import at
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from integrations.transport.styles import Ask, Listed, PageNumber

MEND = "Check that the base URL points at a Ghost, and “Collection”."


class Ghost(Product):
    """What is published on one site."""

    collection = "posts"
    largest_page = 100  # Ghost 6 gives no more, whatever it is asked for

    # https://docs.ghost.org/content-api/parameters
    def listings(self, since: datetime | None) -> Sequence[Listing]:
        """Everything in the order of publishing, or what changed since in the order of changing."""
        asked: dict[str, Any] = {"order": "published_at asc,id asc"}
        if since:
            asked = {"order": "updated_at asc,id asc", "filter": self._filter(since)}
        # By number: the next page that Ghost names past the end is one more, for ever.
        style = PageNumber(self._size, limit="limit")
        return [Listing(style, partial(self._fetch, "list_articles", asked), self._article, partial(at, "id"))]

    def check_health(self) -> str:
        """Ask for a single post; it takes the key."""
        return total_remark(self._fetch("check_health", {}, Ask({"limit": 1})).total)

    def _fetch(self, operation: str, asked: Mapping[str, Any], ask: Ask) -> Listed:
        params = {"include": "authors", **self._extra, **asked, **ask.params}
        answer = self._get(operation, f"/ghost/api/content/{self._place}/", params)
        return rows_at(f'"{self._collection}"', answer, "meta.pagination.total")

    def _filter(self, since: datetime) -> str:
        """In Ghost's query language, with what staff filter by: https://docs.ghost.org/content-api/filtering."""
        changed = f"updated_at:>='{since.astimezone(UTC):%Y-%m-%d %H:%M:%S}'"
        given = [f"({text})" for text in self._extra.get("filter", [])]
        return "+".join([*given, changed])

    def _article(self, raw: Any) -> Article | BadItem:
        article_id = words("id", raw)
        if not article_id:
            return without_id("id", MEND, raw)
        url = absolute(at("url", raw), self._transport.base_url)
        base = url or self._transport.base_url
        return Article(
            article_id,
            title=words("title", raw),
            slug=words("slug", raw),
            body=resolved(words("html", raw), base),
            author=words("primary_author.name || authors[0].name", raw),
            url=url,
            cover_url=absolute(at("feature_image", raw), base),
            published_at=moment("published_at", raw),
            modified_at=moment("updated_at", raw),
            raw=raw,
        )

    def _hint(self, error: CallError) -> str:
        if error.code in {Code.AUTH_FAILED, Code.FORBIDDEN}:
            return "Enter the Content API key (26 characters) of a custom integration as “API token or key”."
        return ""
