"""The fixture `deployment`; `from tests.flows.conftest import deployment` makes it known elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from tests.flows.deployment import Deployment, deploy


@pytest.fixture
def deployment(tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[Deployment]:
    """A whole console of this test's own. Not together with `db`: the ORM works on the deployment's database."""
    with django_db_blocker.unblock(), deploy(tmp_path) as deployed:
        yield deployed
