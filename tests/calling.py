"""Calls made and calls in the log, by one caller or by several that share a database."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import Any, TypeVar

import pytest
from django.db import connection
from django.utils import timezone

from integrations.connections import client_for
from integrations.models import Call, Service, ServiceState
from integrations.recorder import Cause
from integrations.transport.codes import Code, Outcome
from integrations.transport.details import CallDetails
from integrations.transport.errors import CallError
from tests.transport.server import Reply

R = TypeVar("R")

LIST = Reply(body=b'{"meta": {"total_count": 0}, "items": []}')


def cause() -> Cause:
    return Cause(Call.Trigger.COMMAND, uuid.uuid4())


def recorded(service: Service, outcome: Outcome, count: int = 1, at: datetime | None = None, **more: Any) -> None:
    """So many calls in the log, as the recorder would leave them."""
    row: dict[str, Any] = {
        "operation": "list_things",
        "method": "GET",
        "url": "https://remote.example/",
        "code": outcome,
        "started_at": at or timezone.now(),
        "duration_ms": 1.0,
        "trigger": Call.Trigger.COMMAND,
        **more,
    }
    calls = [Call(service=service, outcome=outcome, correlation_id=uuid.uuid4(), **row) for _ in range(count)]
    Call.objects.bulk_create(calls)


def at_once(threads: int, work: Callable[[], R]) -> list[R]:
    """What each of so many threads got that began together, each with a connection of its own."""
    barrier = Barrier(threads)

    def run(_: int) -> R:
        try:
            barrier.wait(30)
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads)))


def ask(service: Service, **more: Any) -> None:
    """One cheap call."""
    with client_for(service, cause(), **more) as client:
        client.check_health()


def ask_in_vain(service: Service, **more: Any) -> CallError:
    with pytest.raises(CallError) as failure:
        ask(service, **more)
    return failure.value


def state() -> ServiceState:
    """Of the only service."""
    return ServiceState.objects.get()


def seconds_until(column: str) -> float:
    """How far a stamp of the service's state is ahead."""
    stamp: datetime = getattr(state(), column)
    return (stamp - timezone.now()).total_seconds()


def details(code: Code = Code.OK, **more: Any) -> CallDetails:
    return CallDetails("op", "GET", "https://remote.example/", code, cause().correlation_id, timezone.now(), **more)
