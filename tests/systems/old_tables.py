"""Services that read old tables, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from integrations import credentials, ops, tasks
from integrations.models import HealthCheck, Service
from integrations.systems.base import Item, Page
from integrations.systems.legacy_database import SYSTEM
from integrations.transport.errors import CallError
from tests.peers.database_servers import PASSWORD, Server
from tests.systems.contract import client_of

SINCE = "2001-01-01T00:00:02+00:00"  # when the rows from 14 on of a filled table changed


def service_with(options: Mapping[str, Any]) -> Service:
    return Service.objects.create(slug="old", name="Old", system="legacy_database", options=dict(options))


def orders_of(server: Server, rows: int = 30, **options: Any) -> Service:
    server.fill(rows)
    service = service_with(server.options(page_size=10, **options))
    credentials.store(service, "password", PASSWORD)
    return service


def pages(service: Service, position: Mapping[str, Any] | None = None) -> list[Page]:
    with client_of(service) as client:
        return list(SYSTEM.read("rows")(client, position or {}))


def items(service: Service, position: Mapping[str, Any] | None = None) -> list[Item]:
    found = [item for page in pages(service, position) for item in page.items]
    assert all(isinstance(item, Item) for item in found)
    return [item for item in found if isinstance(item, Item)]


def failure(service: Service) -> CallError:
    with pytest.raises(CallError) as error:
        pages(service)
    return error.value


def health(service: Service) -> HealthCheck:
    check = ops.check(service, HealthCheck.Trigger.COMMAND)
    tasks.check_health(str(check.pk))
    check.refresh_from_db()
    return check
