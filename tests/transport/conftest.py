"""What the tests of the transport share: a transport that speaks to the scripted remote, and its witness."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import stamina

from integrations.transport.details import CallDetails
from integrations.transport.http import Settings, Transport
from tests.transport.server import ScriptedServer

MakeTransport = Callable[..., Transport]


@pytest.fixture
def heard() -> list[CallDetails]:
    """Every attempt, as a hook heard of it."""
    return []


@pytest.fixture
def transport(remote: ScriptedServer, heard: list[CallDetails]) -> Iterator[MakeTransport]:
    """Makes transports that speak to the scripted remote, with a short deadline."""
    made: list[Transport] = []

    def make(**settings: Any) -> Transport:
        made.append(Transport(Settings(**{"base_url": remote.url, "deadline_s": 5.0, **settings}), (heard.append,)))
        return made[-1]

    yield make
    for each in made:
        each.__exit__()


@pytest.fixture
def without_waiting() -> Iterator[None]:
    """Retries follow each other at once; how many there are is still the transport's decision."""
    with stamina.set_testing(True, attempts=100, cap=True):
        yield
