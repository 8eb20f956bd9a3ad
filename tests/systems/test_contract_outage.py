"""The contract while the remote goes down: a run that was cut short loses nothing, and going on makes it whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from integrations import ops
from integrations.models import Service, SyncRun
from integrations.sync.engine import synced_model
from integrations.systems.base import StreamSpec
from integrations.transport import retry
from integrations.transport.codes import Code
from tests.systems import contract, examples
from tests.systems.examples import Setup
from tests.systems.outage import Outage
from tests.worker import work_off

Rows = dict[str, tuple[object, ...]]


@pytest.fixture
def outage(db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outage]:
    monkeypatch.setattr(retry, "FIRST_PAUSE_S", 0.0)
    made = Outage()
    settings.UNTRUSTED_PORTS = (made.port,)
    yield made
    made.down()


def ended(run: SyncRun) -> SyncRun:
    work_off()
    run.refresh_from_db()
    return run


def synced(service: Service, stream: StreamSpec) -> SyncRun:
    service.streams.update(enabled=True)
    return ended(ops.sync(service.streams.get(name=stream.name), SyncRun.Trigger.STAFF))


def rows(service: Service, stream: StreamSpec) -> Rows:
    """What there is of it, by the vendor's id."""
    model = synced_model(stream.model)
    found = model._default_manager.filter(service=service, deleted_at=None)
    return {row[0]: row[1:] for row in found.values_list("external_id", *model.synced_fields)}


def lasting(outage: Outage, setup: Setup, stream: StreamSpec) -> tuple[int, list[str]]:
    """How many requests a run makes before the one it is to die at, and the ids that it has by then."""
    service, before = setup.service(outage.url, 0), outage.served
    with contract.client_of(service) as client:
        pages = contract.read(setup.system, stream, client, {})
        first, until = next(pages), outage.served - before
        more = list(pages)
    return (until, contract.ids([first])) if more else (until - 1, [])


@pytest.mark.parametrize(("setup", "stream"), examples.each_stream())
def test_a_run_whose_remote_goes_down_keeps_what_it_has_and_goes_on_to_the_end(
    outage: Outage, setup: Setup, stream: StreamSpec
) -> None:
    undisturbed, disturbed = (setup.service(outage.url, number) for number in (1, 2))
    assert synced(undisturbed, stream).state == SyncRun.State.SUCCEEDED
    requests, ids = lasting(outage, setup, stream)
    outage.down()
    outage.up(lasts=requests)
    run = synced(disturbed, stream)
    assert (run.state, run.failure_origin, run.failure_code) == ("parked", "source", Code.CONNECTION_REFUSED)
    assert (sorted(rows(disturbed, stream)), bool(run.checkpoint)) == (sorted(ids), bool(ids))
    outage.up()
    assert ended(ops.retry(run)).state == SyncRun.State.SUCCEEDED
    whole = rows(undisturbed, stream)
    assert rows(disturbed, stream) == whole
    assert set(ids) <= whole.keys()
