"""Services of each product, and calls at them, for the tests of page analytics."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from integrations.connections import client_for
from integrations.models import Service
from integrations.recorder import Cause
from integrations.systems.analytics import SYSTEM
from integrations.systems.analytics.client import Client
from integrations.systems.analytics.product import PageStats
from integrations.systems.analytics.sandbox import DOMAIN, USERNAME, WEBSITE
from tests.systems.contract import service_of
from tests.transport.server import Reply

JANUARY = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
LOG_IN = {"umami_access": "password", "username": USERNAME}
OPTIONS: dict[str, dict[str, Any]] = {
    "umami": {"product": "umami", "site": WEBSITE, "umami_access": "api_key"},
    "umami2": {"product": "umami2", "site": WEBSITE, **LOG_IN},
    "plausible": {"product": "plausible", "site": DOMAIN},
}


def service_at(sandbox_url: str, product: str, **options: Any) -> Service:
    """It speaks to the sandbox, and its own limits keep nobody waiting."""
    service = service_of(SYSTEM, sandbox_url)
    service.options = OPTIONS[product] | options
    service.base_url += "/umami2" if product == "umami2" else ""
    service.per_second, service.per_hour = 1000, 100_000
    service.save()
    return service


def cause() -> Cause:
    return Cause("command", uuid.uuid4())


def page_stats(
    service: Service, path: str = "/about", start: datetime = JANUARY[0], end: datetime = JANUARY[1]
) -> PageStats:
    with client_for(service, cause(), attempts=1) as client:
        assert isinstance(client, Client)
        return client.get_page_stats(path, start, end)


def health(service: Service) -> str:
    with client_for(service, cause(), attempts=1) as client:
        return client.check_health()


def reply(body: Any, status: int = 200) -> Reply:
    return Reply(status, json.dumps(body).encode())
