"""Services of each product, and what is read at them, for the tests of the CMS."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import Any

from integrations import credentials
from integrations.connections import client_for
from integrations.models import Service
from integrations.recorder import Cause
from integrations.systems.base import BadItem, Gone, Item, Page, Position
from integrations.systems.cms import sandbox_wordpress, streams
from integrations.systems.cms.client import Client
from integrations.systems.cms.sandbox_articles import KEY
from tests.transport.server import Reply

WORDPRESS = {"product": "wordpress", "username": sandbox_wordpress.USERNAME}
LIST = {"product": "rest", "resource_path": "/items/articles", "items_path": "data", "query": "meta=filter_count"}
# By product: its options and its secret. All but “rest” have nothing set but what must be.
PRODUCTS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "wagtail": ({}, {}),
    "wordpress": (WORDPRESS, {"password": sandbox_wordpress.PASSWORD}),
    "ghost": ({"product": "ghost"}, {"token": KEY}),
    "directus": ({"product": "directus"}, {"token": KEY}),
    "strapi": ({"product": "strapi"}, {"token": KEY}),
    "mediawiki": ({"product": "mediawiki"}, {"token": KEY}),
    "rest": ({**LIST, "total_path": "meta.filter_count"}, {"token": KEY}),
}


def service_at(base_url: str, product: str, **options: Any) -> Service:
    """It has what the product needs, and nothing else unless asked for."""
    needed, secrets = PRODUCTS[product]
    service = Service.objects.create(
        slug=f"cms-{product}", name=product, system="cms", base_url=base_url, options={**needed, **options}
    )
    for name, secret in secrets.items():
        credentials.store(service, name, secret)
    return service


def read(service: Service, position: Position | None = None) -> list[Page]:
    with client_for(service, Cause("command", uuid.uuid4()), attempts=1) as client:
        assert isinstance(client, Client)
        return list(streams.articles(client, position or {}))


def health(service: Service) -> str:
    with client_for(service, Cause("command", uuid.uuid4()), attempts=1) as client:
        return client.check_health()


def found(pages: Sequence[Page]) -> list[Item | BadItem | Gone]:
    return [each for page in pages for each in page.items]


def items(pages: Sequence[Page]) -> list[Item]:
    """All of it, which must be items."""
    all_of_it = found(pages)
    assert all(isinstance(each, Item) for each in all_of_it), all_of_it
    return [each for each in all_of_it if isinstance(each, Item)]


def reply(body: Any, status: int = 200, **headers: str) -> Reply:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Reply(status, json.dumps(body).encode(), headers=named)
