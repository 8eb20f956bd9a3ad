"""A REST service at its sandbox, at other sandboxes, or at a remote that says what the test tells it to say."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from integrations import credentials
from integrations.models import Service
from integrations.systems.base import BadItem, Gone, Item, Page, Position
from integrations.systems.rest import SYSTEM
from integrations.systems.rest.sandbox import SECRETS
from integrations.systems.shapes import Shape
from tests.systems import contract
from tests.transport.server import Reply, ScriptedServer

WAYS: Mapping[str, Mapping[str, Any]] = {
    "offset": {"items_path": "items", "total_path": "total"},
    "page": {"items_path": "data", "past_end": "404"},
    "cursor": {"items_path": "records", "next_path": "next_cursor"},
    "link": {"items_path": "@"},
    "next_url": {"items_path": "results", "total_path": "count"},
    "none": {"items_path": "@"},
}


def at_sandbox(sandbox_url: str, way: str = "offset", **options: Any) -> Service:
    """Its list in one of the ways; without the total of another one."""
    made = contract.service_of(SYSTEM, sandbox_url)
    chosen = {"pagination": way, "resource_path": f"/{way}/trees", "total_path": ""}
    return changed(made, **{**chosen, **WAYS[way], **options})


def changed(service: Service, **options: Any) -> Service:
    service.options = {**service.options, **options}
    service.save()
    return service


def plain(base_url: str, **options: Any) -> Service:
    """A service with nothing but these options, and every secret, so that one that is let out is noticed."""
    made = Service.objects.create(slug="api", name="API", system="rest", base_url=base_url, options=options)
    for field, secret in SECRETS.items():
        credentials.store(made, field, secret)
    return made


def read(service: Service, stream: str = "records", position: Position | None = None) -> list[Page]:
    with contract.client_of(service) as client:
        return list(contract.read(SYSTEM, SYSTEM.stream(stream), client, position or {}))


def items(pages: Sequence[Page]) -> list[Item | BadItem | Gone]:
    return [item for page in pages for item in page.items]


def said(remote: ScriptedServer, *bodies: Any, **headers: str) -> ScriptedServer:
    told = tuple(headers.items())
    remote.answers(*(Reply(body=json.dumps(body).encode(), headers=told) for body in bodies))
    return remote


def shape(service: Service) -> Shape:
    with contract.client_of(service) as client:
        found = client.detect_shape()
    assert isinstance(found, Shape)
    return found
