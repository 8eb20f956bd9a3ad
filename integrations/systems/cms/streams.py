"""Articles of a CMS as items for the Essay table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from integrations.systems.base import BadItem, Gone, Item, Page, Position
from integrations.systems.cms.client import Client
from integrations.systems.cms.product import Article, Found

FIELDS = ("title", "slug", "body", "author", "url", "cover_url", "published_at")


def articles(client: Client, position: Position) -> Iterator[Page]:
    """Every article, or those modified since the moment in the position; the position is the client's."""
    for portion in client.list_articles(position):
        yield Page([_item(each) for each in portion.found], portion.position, portion.total, portion.remark)


def _item(found: Found) -> Item | BadItem | Gone:
    if not isinstance(found, Article):
        return found
    fields: dict[str, Any] = {name: getattr(found, name) for name in FIELDS}
    return Item(found.article_id, {**fields, "source_modified_at": found.modified_at}, found.raw)
