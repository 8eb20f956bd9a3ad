"""A CMS of the test's own, and the service and stream that copy it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.models import Service, Stream
from tests.sync.remote import Remote, serve


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
def articles(paper: Service) -> Stream:
    return paper.streams.get()
