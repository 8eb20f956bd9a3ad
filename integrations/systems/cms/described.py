"""Products whose articles have the fields that somebody gave them: paths in the options say where they are."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from integrations.systems.base import BadItem, Options
from integrations.systems.cms.addresses import absolute, picture, resolved
from integrations.systems.cms.product import Article, Product, moment, without_id, words
from integrations.systems.paths import at

NOT_OF_ARTICLES = {"resource_path", "items_path", "next_path", "total_path"}


class Described(Product):
    """The base of Wagtail, Directus, Strapi and any other REST list.

    Attributes:
        id_path: where the key is, where the product settles that.
    """

    id_path: ClassVar[str] = ""

    def _article(self, raw: Any) -> Article | BadItem:
        article_id = words(self._id_path, raw)
        if not article_id:
            return without_id(self._id_path, self._mend, raw)
        url = absolute(self._at("url", raw), self._transport.base_url)
        return Article(
            article_id,
            title=words(self._options["title_path"], raw),
            slug=words(self._options["slug_path"], raw),
            body=resolved(_body(self._at("body", raw)), self._base(url)),
            author=words(self._options["author_path"], raw),
            url=url,
            cover_url=self._cover(self._at("cover", raw)),
            published_at=moment(self._options["published_path"], raw),
            modified_at=moment(self._options["modified_path"], raw),
            raw=raw,
        )

    @property
    def _paths(self) -> Options:
        own = {name: value for name, value in self._options.items() if name.endswith("_path")}
        return {name: value for name, value in own.items() if name not in NOT_OF_ARTICLES}

    def _key(self, raw: Any) -> Any:
        return at(self._id_path, raw)

    @property
    def _id_path(self) -> str:
        return self.id_path or str(self._options["id_path"])

    @property
    def _mend(self) -> str:
        """What to do about an article without a key."""
        return "Correct the path of the id in the service's options."

    def _at(self, name: str, raw: Any) -> Any:
        return at(self._options[f"{name}_path"], raw)

    def _base(self, url: str) -> str:  # noqa: ARG002 - most keep their media beside the API, whatever shows the article
        """What addresses in the body of the article at `url` are relative to."""
        return self._transport.base_url

    def _cover(self, value: Any) -> str:
        return picture(value, self._transport.base_url)


def _body(value: Any) -> str:
    """Blocks (Wagtail's StreamField, Strapi's rich text) are kept as the JSON they are."""
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else str(value)
