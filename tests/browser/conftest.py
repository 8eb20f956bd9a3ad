"""One console and one Chromium for all tests of this folder, a fresh window for each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher, make_password
from django.contrib.auth.models import Group, User
from playwright.sync_api import Browser, Page, StorageState
from pytest_django import DjangoDbBlocker

from integrations import credentials, ops
from integrations.models import Service, ServiceState, SyncRun, WebhookEvent, WorkerHeartbeat
from integrations.roles import VIEWER
from tests.browser.busy import a_busy_day
from tests.browser.chromium import PATIENCE_MS, launched
from tests.browser.deliveries import deliver_push
from tests.browser.relay import Relay
from tests.browser.steps import DESKTOP, sign_in
from tests.browser.watch import Watch
from tests.flows.deployment import PASSWORD, Deployment, deploy
from tests.flows.processes import free_port, seconds_until

SECRET = "a webhook secret of these tests"


@dataclass(frozen=True)
class Console:
    """A console as `make run` starts it for a newcomer."""

    deployment: Deployment
    relay: Relay

    @property
    def articles(self) -> Service:
        """The demonstration service that is a CMS."""
        return Service.objects.get(slug="articles")


@pytest.fixture(scope="package")
def console(
    chromium: str, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[Console]:
    """Prepared and running; the worker has given its first sign of life."""
    folder = tmp_path_factory.mktemp("console")
    with django_db_blocker.unblock(), deploy(folder, first_start=True) as deployment:
        sandbox_port = free_port()
        relay = Relay(deployment.sandbox_port, sandbox_port)
        deployment.start_sandbox(sandbox_port)
        with relay.running():
            deployment.start_worker()
            deployment.start_web()
            seconds_until(lambda: WorkerHeartbeat.objects.exclude(beat_at=None).exists(), 30, "the first sign of life")
            yield Console(deployment, relay)


@pytest.fixture(scope="package")
def browser(chromium: str, console: Console) -> Iterator[Browser]:
    """Chromium itself."""
    with launched(chromium) as browser:
        yield browser


@pytest.fixture
def window(browser: Browser, console: Console, watch: Watch) -> Iterator[Page]:
    """A browser nobody has signed in to."""
    with browser.new_context(base_url=console.deployment.url, viewport=DESKTOP) as context:
        context.set_default_timeout(PATIENCE_MS)
        yield watch.over(context.new_page())


@pytest.fixture(scope="package")
def admin_session(browser: Browser, console: Console) -> StorageState:
    """What a browser keeps once the superuser has signed in."""
    with browser.new_context(base_url=console.deployment.url) as context:
        sign_in(context.new_page(), "admin", PASSWORD)
        return context.storage_state()


@pytest.fixture
def page(browser: Browser, console: Console, watch: Watch, admin_session: StorageState) -> Iterator[Page]:
    """A window of the superuser."""
    with browser.new_context(base_url=console.deployment.url, viewport=DESKTOP, storage_state=admin_session) as context:
        context.set_default_timeout(PATIENCE_MS)
        yield watch.over(context.new_page())
        console.relay.release()


@pytest.fixture
def synced(console: Console) -> SyncRun:
    """A run of the articles that succeeded."""
    runs = SyncRun.objects.filter(state=SyncRun.State.SUCCEEDED)
    if not runs.exists():
        ops.sync(console.articles.streams.get(), SyncRun.Trigger.COMMAND)
        seconds_until(runs.exists, 30, "the run has ended")
    return runs.latest("pk")


@pytest.fixture
def held_run(console: Console) -> Iterator[SyncRun]:
    """A run that stands at 115 of 240 until the relay is released."""
    console.relay.hold_from(100)
    run = ops.sync(console.articles.streams.get(), SyncRun.Trigger.COMMAND, full=True)
    runs = SyncRun.objects.filter(pk=run.pk)
    seconds_until(runs.filter(items=115).exists, 10, "115 are read")
    yield run
    console.relay.release()
    seconds_until(runs.exclude(state__in=SyncRun.ACTIVE).exists, 20, "the run has ended")


@pytest.fixture
def event(console: Console, shared_data: Path) -> WebhookEvent:
    """A push that was delivered and processed."""
    credentials.store(Service.objects.get(slug="github"), "webhook_secret", SECRET)
    deliver_push(console.deployment.url, SECRET, (shared_data / "github-webhooks" / "push-0.json").read_bytes())
    newest = WebhookEvent.objects.order_by("-received_at")[:1]
    seconds_until(lambda: newest.get().state == WebhookEvent.State.SUCCEEDED, 20, "the delivery is processed")
    return newest.get()


@pytest.fixture
def busy_day(console: Console) -> Iterator[None]:
    """Four services with a day behind them."""
    with a_busy_day():
        yield


@pytest.fixture
def unreachable(console: Console) -> Iterator[Service]:
    """A service at whose address nobody listens."""
    service = Service.objects.get(slug="github")
    address = service.base_url
    Service.objects.filter(pk=service.pk).update(base_url=f"http://127.0.0.1:{free_port()}")
    yield service
    Service.objects.filter(pk=service.pk).update(base_url=address)
    ops.check(service, "staff")
    healthy = ServiceState.objects.filter(service=service, health=ServiceState.Health.HEALTHY)
    seconds_until(healthy.exists, 10, "it is healthy again")


@pytest.fixture(scope="package")
def viewer(console: Console) -> User:
    """Somebody who may look and do nothing, with a password the real settings understand."""
    password = make_password(PASSWORD, hasher=PBKDF2PasswordHasher())
    user = User.objects.create(username="viewer", password=password, is_staff=True)
    user.groups.add(Group.objects.get(name=VIEWER))
    return user
