"""What the tests of the transport share: a transport that speaks to the scripted remote, and its witness."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from integrations.systems.auth import Kind
from integrations.transport import retry
from integrations.transport.details import CallDetails
from integrations.transport.http import Transport
from integrations.transport.pagination import Batch, walk
from integrations.transport.settings import Keep, Settings
from tests.peers.loopback import Loopback
from tests.transport.server import ScriptedServer
from tests.transport.shelf import STYLES, Shelf, key, serve
from tests.transport.signing import Make, signed_in
from tests.transport.stores import Kept

MakeTransport = Callable[..., Transport]
Walk = Callable[..., Iterator[Batch]]


@pytest.fixture
def heard() -> list[CallDetails]:
    """Every attempt, as a hook heard of it."""
    return []


@pytest.fixture
def transport(remote: ScriptedServer, heard: list[CallDetails]) -> Iterator[MakeTransport]:
    """Makes transports that speak to the scripted remote, with a short deadline."""
    made: list[Transport] = []

    def make(**settings: Any) -> Transport:
        made.append(
            Transport(
                Settings(**{"base_url": remote.url, "deadline_s": 5.0, "keep": Keep.ALWAYS, **settings}),
                (heard.append,),
            )
        )
        return made[-1]

    yield make
    for each in made:
        each.__exit__(None, None, None)


@pytest.fixture
def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries follow each other at once; how many there are is still the transport's decision."""
    monkeypatch.setattr(retry, "FIRST_PAUSE_S", 0.0)


@pytest.fixture
def make(heard: list[CallDetails]) -> Iterator[Make]:
    """Makes transports that sign in at a peer as a kind says."""
    made: list[Transport] = []

    def signing(kind: Kind, peer: Loopback, store: Kept | None = None, **more: Any) -> Transport:
        made.append(signed_in(kind, peer, (heard.append,), store, **more))
        return made[-1]

    yield signing
    for each in made:
        each.__exit__(None, None, None)


@pytest.fixture(scope="session")
def served() -> Iterator[tuple[Shelf, Transport]]:
    with serve() as both:
        yield both


@pytest.fixture
def shelf(served: tuple[Shelf, Transport]) -> Shelf:
    """An empty list in every style of paging, on a real socket."""
    served[0].clear()
    return served[0]


@pytest.fixture
def walked(served: tuple[Shelf, Transport], shelf: Shelf) -> Walk:
    """Walks through it in one of the styles."""

    def run(kind: str, position: Mapping[str, Any] | None = None, **options: Any) -> Iterator[Batch]:
        style = options.pop("style", STYLES[kind])
        return walk(shelf.fetch(kind, served[1]), style, position or {}, key=key, **options)

    return run
