"""An essay and a property, and services of all four kinds that speak to the sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from integrations import systems
from integrations.models import Essay, Property, Service
from integrations.systems.tax_assessor.sandbox import pin
from tests.pages.trouble import SYSTEMS, Shown
from tests.systems.contract import service_of

Connect = Callable[..., Service]


@pytest.fixture(autouse=True)
def strangers_may_name_the_sandbox(sandbox_url: str, settings: Any) -> None:
    """Link previews fetch what strangers name: loopback is an intranet here."""
    settings.UNTRUSTED_NETWORKS = (ip_network("127.0.0.0/8"),)
    settings.UNTRUSTED_PORTS = (urlsplit(sandbox_url).port,)


@pytest.fixture
def make_essay(cms: Service, sandbox_url: str) -> Callable[..., Essay]:
    def make(**fields: Any) -> Essay:
        service = fields.pop("service", cms)
        given = {
            "title": "Night trains",
            "slug": "night-trains",
            "body": "<p>They leave at ten.</p>",
            "url": f"{sandbox_url}/opengraph/page/",
            "published_at": datetime(2026, 1, 5, tzinfo=UTC),
            "external_id": str(Essay.objects.count() + 1),
        }
        return Essay.objects.create(
            service=service, stream=service.streams.get(), synced_at=timezone.now(), content_hash="0", **given | fields
        )

    return make


@pytest.fixture
def essay(make_essay: Callable[..., Essay]) -> Essay:
    return make_essay()


@pytest.fixture
def make_land(cms: Service) -> Callable[..., Property]:
    def make(**fields: Any) -> Property:
        given = {
            "parcel_id": pin(3),
            "address": "121 North LaSalle Street",
            "city": "Chicago",
            "postal_code": "60602",
            "data": {"class": "203", "township_name": "Lake View"},
            "external_id": str(Property.objects.count() + 1),
        }
        return Property.objects.create(
            service=cms, stream=cms.streams.get(), synced_at=timezone.now(), content_hash="0", **given | fields
        )

    return make


@pytest.fixture
def land(make_land: Callable[..., Property]) -> Property:
    """Whose coordinates its source does not know."""
    return make_land()


@pytest.fixture
def located(make_land: Callable[..., Property]) -> Property:
    return make_land(latitude=Decimal("41.883797"), longitude=Decimal("-87.631873"))


@pytest.fixture
def connect(db: None, sandbox_url: str) -> Connect:
    """Makes a service of a System that speaks to its sandbox."""

    def make(system: str, **fields: Any) -> Service:
        service = service_of(systems.get(system), sandbox_url)
        # Its own limits keep no test waiting.
        Service.objects.filter(pk=service.pk).update(**{"per_second": 1000, "per_hour": 100_000} | fields)
        service.refresh_from_db()
        return service

    return make


@pytest.fixture
def reader(viewer: User, as_person: Callable[[User], Client]) -> Client:
    """Somebody who may look and do nothing else."""
    return as_person(viewer)


@pytest.fixture
def shown(
    kind: str,
    make_essay: Callable[..., Essay],
    land: Property,
    connect: Connect,
    reader: Client,
    sandbox_url: str,
) -> Iterator[Shown]:
    service = connect(SYSTEMS[kind], max_attempts=1)
    path = "/about" if kind == "analytics" else "/opengraph/page/"
    row = make_essay(url=sandbox_url + path) if kind in {"analytics", "preview"} else land
    found = Shown(reader, kind, row, service, sandbox_url)
    found.fault()
    yield found
    found.fault()
