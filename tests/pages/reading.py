"""A console with one essay and two properties, whose services speak to a sandbox that can be stopped and started."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.utils import timezone

from integrations import credentials, sandbox, systems
from integrations.models import Essay, Property, Service, WorkerHeartbeat
from integrations.systems.tax_assessor.sandbox import pin
from tests.flows import processes
from tests.flows.deployment import Deployment, Running, deploy

SYSTEMS = ("analytics", "opengraph", "tax_assessor", "geocoding")
BODY = """
<p>The first night train of the year leaves at ten, and nobody on the platform is in a hurry. <em>What looked like
neglect was a decision</em>, taken once and then forgotten by everybody who could undo it.</p>
<h2>What the timetable does not say</h2>
<p>Nobody had counted the carriages before, so the first figure was a guess that turned out
<a href="https://example.org/carriages">nearly right</a>. The repair took an afternoon; finding out who was allowed to
do it took most of a year.</p>
<blockquote>Those who use it daily notice the change last.</blockquote>
<ul><li>Leave the lamp in the corridor alone.</li><li>The kettle is <code>230 V</code>, the sockets are not.</li></ul>
<table><tr><th>Station</th><th>Leaves</th><th>Carriages</th></tr><tr><td>Harbour</td><td>22:04</td><td>9</td></tr>
<tr><td>Orchard Road</td><td>22:31</td><td>9</td></tr></table>
<p><img src="https://strangers.example/track.png" alt="A train at dawn" onerror="alert(1)"></p>
<script>document.title = "taken over"</script>
<p>Every account begins with the weather, and this one is no exception: it rained, and then it did not.</p>
"""


@dataclass
class Library:
    """The console, and its sandbox."""

    deployment: Deployment
    _sandbox: list[Running] = field(default_factory=list)
    _workers: list[Running] = field(default_factory=list)

    def open_sandbox(self) -> None:
        self._sandbox.append(self.deployment.start_sandbox())

    def shut_sandbox(self) -> None:
        self._sandbox.pop().stop()
        assert not processes.listens(self.deployment.sandbox_port)

    def open_worker(self) -> None:
        self._workers.append(self.deployment.start_worker())

    @property
    def worker(self) -> Running:
        return self._workers[-1]

    @property
    def essay(self) -> Essay:
        return Essay.objects.get(slug="night-trains")


@contextmanager
def library(folder: Path, migrated: str = "") -> Iterator[Library]:
    """Prepared and running.

    Args:
        migrated: the URL of a migrated database to copy; without it the console is set up as for a newcomer.
    """
    with deploy(folder, migrated, first_start=not migrated) as deployment:
        port = str(deployment.sandbox_port)
        deployment.env.update(UNTRUSTED_NETWORKS="127.0.0.0/8", UNTRUSTED_PORTS=port)
        made = Library(deployment)
        made.open_sandbox()
        _fill(deployment)
        made.open_worker()
        deployment.start_web()
        processes.seconds_until(
            WorkerHeartbeat.objects.exclude(beat_at=None).exists, 30, "the first sign of life of the worker"
        )
        yield made


def _fill(deployment: Deployment) -> None:
    for slug in SYSTEMS:
        _connect(slug, deployment.sandbox_url)
    Service.objects.filter(slug="opengraph").update(
        options={**sandbox.account("opengraph", deployment.sandbox_url).options, "source": "api"}
    )
    cms = Service.objects.filter(system="cms").first() or _connect("cms", deployment.sandbox_url)
    common: dict[str, Any] = {"service": cms, "stream": cms.streams.get(), "synced_at": timezone.now()}
    Essay.objects.create(
        **common,
        external_id="night-trains",
        title="Night trains and the people who mend them",
        slug="night-trains",
        author="The editors",
        body=BODY,
        url=f"{deployment.sandbox_url}/about",
        published_at=timezone.now(),
    )
    where = {"latitude": Decimal("41.706000"), "longitude": Decimal("-87.795000")}
    data = {"pin": pin(3), "class": "203", "township_name": "Lake View", "year": "2026", "prop_address_state": "IL"}
    address: dict[str, Any] = {"address": "121 North LaSalle Street", "city": "Chicago", "postal_code": "60602"}
    Property.objects.create(**common, external_id="1", parcel_id=pin(3), data=data, **address)
    Property.objects.create(**common, external_id="2", parcel_id=pin(7), data=data, **address, **where)


def _connect(slug: str, address: str) -> Service:
    system, account = systems.get(slug), sandbox.account(slug, address)
    service = Service.objects.create(
        slug=slug,
        name=system.label,
        system=slug,
        base_url=account.base_url,
        options=dict(account.options),
        check_every_minutes=0,
        max_attempts=1,
    )
    for name, secret in account.secrets.items():
        credentials.store(service, name, secret)
    return service
