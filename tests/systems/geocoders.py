"""What the tests of geocoding share: a geocoder that speaks to the sandbox, or to a script."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from integrations import systems
from integrations.models import Service
from integrations.systems.geocoding.client import Client
from integrations.systems.geocoding.sandbox import OPTIONS
from integrations.transport.errors import CallError
from tests.systems.contract import client_of, service_of
from tests.transport.server import Reply, ScriptedServer

Speaking = Callable[..., AbstractContextManager[Client]]


def service_at(address: str, **options: Any) -> Service:
    """The service of the test, which need not wait a second between two calls."""
    service = Service.objects.first() or service_of(systems.get("geocoding"), address)
    service.options = {**OPTIONS, **options}
    service.per_second = 1000
    service.save()
    return service


@pytest.fixture
def in_sandbox(db: None, sandbox_url: str) -> Speaking:
    def speak(**options: Any) -> AbstractContextManager[Client]:
        made: AbstractContextManager[Client] = client_of(service_at(sandbox_url, **options))
        return made

    return speak


@pytest.fixture
def scripted(db: None, remote: ScriptedServer) -> Speaking:
    """Speaks to a remote that gives these answers."""

    def speak(*replies: Reply, **options: Any) -> AbstractContextManager[Client]:
        remote.answers(*replies)
        service = service_at(remote.url, **options)
        service.base_url = remote.url
        service.save()
        made: AbstractContextManager[Client] = client_of(service)
        return made

    return speak


def says(data: Any, status: int = 200) -> Reply:
    return Reply(status, json.dumps(data).encode())


def asked(remote: ScriptedServer, number: int = 0) -> tuple[str, dict[str, list[str]]]:
    target = urlsplit(remote.asked[number].target)
    return target.path, parse_qs(target.query)


def refused(call: Callable[[], Any]) -> CallError:
    with pytest.raises(CallError) as failure:
        call()
    return failure.value
