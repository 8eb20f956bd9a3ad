"""The fixture `deployment`. Elsewhere: `from tests.flows.conftest import deployment, migrated`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import DjangoDbBlocker

from integrations.models import Service, WorkerHeartbeat
from tests.flows import processes
from tests.flows.databases import fresh_database, orm_on
from tests.flows.deployment import Deployment, Running, deploy

ARTICLES = 240  # how many the CMS sandbox has


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """A migrated database that is only copied."""
    folder = tmp_path_factory.mktemp("migrated")
    with django_db_blocker.unblock(), fresh_database(folder) as url:
        with orm_on(url):
            call_command("migrate", verbosity=0)
            call_command("createcachetable")
        yield url


@pytest.fixture
def deployment(tmp_path: Path, migrated: str, django_db_blocker: DjangoDbBlocker) -> Iterator[Deployment]:
    """A whole console of this test's own. Not together with `db`: the ORM works on the deployment's database."""
    with django_db_blocker.unblock(), deploy(tmp_path, migrated) as deployed:
        yield deployed


@pytest.fixture
def articles(deployment: Deployment) -> Service:
    """A service whose sandbox is up; nothing but the test asks for anything."""
    deployment.start_sandbox()
    return Service.objects.create(
        slug="cms", name="Articles", system="cms", base_url=f"{deployment.sandbox_url}/cms", check_every_minutes=0
    )


@pytest.fixture
def worker(deployment: Deployment) -> Running:
    """A worker whose queue has run its first task."""
    started = deployment.start_worker()
    processes.seconds_until(
        lambda: WorkerHeartbeat.objects.exclude(beat_at=None).exists(), 30, "the first sign of life"
    )
    return started


def guard_of(worker: Running) -> int:
    """The leader of the group the queue's processes are in."""
    (guard,) = processes.children(worker.pid)
    return guard
