"""Articles of one site, whichever product keeps them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from integrations.systems.base import Options, Position
from integrations.systems.cms.any_list import AnyList
from integrations.systems.cms.directus import Directus
from integrations.systems.cms.ghost import Ghost
from integrations.systems.cms.mediawiki import MediaWiki
from integrations.systems.cms.product import Article, Filters, Portion, Product
from integrations.systems.cms.strapi import Strapi
from integrations.systems.cms.wagtail import Wagtail
from integrations.systems.cms.wordpress import WordPress
from integrations.systems.shapes import Shape
from integrations.transport.http import Transport

PRODUCTS: dict[str, Callable[[Transport, Options], Product]] = {
    "wagtail": Wagtail,
    "wordpress": WordPress,
    "ghost": Ghost,
    "directus": Directus,
    "strapi": Strapi,
    "mediawiki": MediaWiki,
    "rest": AnyList,
}
ALL = Filters()


class Client:
    """One CMS."""

    def __init__(self, transport: Transport, options: Options) -> None:
        self.options = options
        self._product = PRODUCTS[options["product"]](transport, options)

    def list_all_articles(self, filters: Filters = ALL) -> Iterator[Article]:
        """Articles one by one, each page asked for when it is wanted; what has no id is left out.

        Raises:
            CallError: the CMS refused, failed or answered nonsense.
            Parked: a limit is used up.
            ValueError: the moment has no zone, or the limit is negative.
        """
        since = filters.modified_after
        if since and since.tzinfo is None:
            raise ValueError("The moment of the last change needs a zone.")
        portions = self.list_articles({"since": since.isoformat()} if since else {})
        articles = (each for portion in portions for each in portion.found if isinstance(each, Article))
        return islice(articles, filters.limit)

    def list_articles(self, position: Position) -> Iterator[Portion]:
        """Pages of articles from a position on.

        Args:
            position: of a portion; empty for the beginning. `{"since": moment in ISO 8601}` begins a list of what
                was modified then or later, and of what is gone since, where the product tells that.
        """
        return self._product.portions(position)

    def detect_shape(self) -> Shape:
        """What the first page looks like, and where the fields of its articles may be."""
        return self._product.detect_shape()

    def check_health(self) -> str:
        """Whether the CMS lets us in and has what the options name."""
        return self._product.check_health()
