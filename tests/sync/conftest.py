"""A CMS of the test's own, and the service and stream that copy it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations import leases, systems
from integrations.models import Service, Stream
from integrations.sync import reading
from tests.sync.remote import Remote, serve
from tests.sync.source import Source, sync, system_of


@pytest.fixture
def remote() -> Iterator[Remote]:
    with serve() as served:
        yield served


@pytest.fixture
def paper(db: None, remote: Remote) -> Service:
    """A service of the test's own CMS that tries everything once and is checked only when asked."""
    return Service.objects.create(
        slug="paper", name="Paper", system="cms", base_url=remote.url, max_attempts=1, check_every_minutes=0
    )


@pytest.fixture
def page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page is a batch, and after each call the lease is renewed, as with a source that takes its time."""
    monkeypatch.setattr(reading, "ITEMS", 1)
    monkeypatch.setattr(leases, "RENEW_EVERY_S", 0.0)


@pytest.fixture
def articles(paper: Service) -> Stream:
    return paper.streams.get()


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Source:
    """A list that tells what changed, in place of every System."""
    made = Source()
    system = system_of(made)
    monkeypatch.setattr(systems, "get", lambda _slug: system)
    return made


@pytest.fixture
def things(cms: Service) -> Stream:
    """The stream that copies it; its settings let a test with few rows lose some."""
    Stream.objects.update(guard_percent=100)
    return cms.streams.get()


@pytest.fixture
def moved(source: Source, things: Stream) -> Source:
    """The letters a to f, copied; then b changed, c was deleted, g came, and h cannot be used."""
    source.put(*"abcdef")
    sync(things)
    source.put("b", title="Another title")
    source.remove("c")
    source.put("g", "h")
    source.bad = {"h"}
    return source
