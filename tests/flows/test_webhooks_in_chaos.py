"""Thousands of deliveries while servers, workers and the database die: none that was acknowledged is lost or done twice.

CHAOS_SECONDS says for how long they come (60, for as many as 4,000; longer means more); CHAOS_SEED repeats a run.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
from django import db
from django.db.models import Count
from pytest_django import DjangoDbBlocker

from integrations import credentials
from integrations.models import Attempt, Effect, Service, WebhookEvent
from tests.flows import processes
from tests.flows.conftest import guard_of
from tests.flows.deployment import Deployment, Running, deploy
from tests.flows.processes import seconds_until
from tests.flows.senders import Senders
from tests.peers import crashing_postgresql
from tests.peers.crashing_postgresql import CrashingPostgreSQL

pytestmark = pytest.mark.slow

SECONDS = float(os.environ.get("CHAOS_SECONDS", "60"))
DELIVERIES = int(4000 * SECONDS / 60)
SECRETS = ("the first secret", "the second secret")
DRAINED_S = 180  # on a machine that does other things too; with two cores to itself it is well under 60
DOWN_S = 2.0  # of the database
UNDONE = ("queued", "running", "parked")


@pytest.fixture
def database() -> Iterator[CrashingPostgreSQL]:
    with crashing_postgresql.serving() as server:
        yield server


@pytest.fixture
def deployment(
    database: CrashingPostgreSQL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, django_db_blocker: DjangoDbBlocker
) -> Iterator[Deployment]:
    monkeypatch.setenv("DATABASE_URL", database.url)
    with django_db_blocker.unblock(), deploy(tmp_path) as deployed:
        yield deployed


@pytest.fixture
def github(deployment: Deployment) -> Service:
    """Both secrets are valid; what a push touches is switched off."""
    made = Service.objects.create(
        slug="github", name="GitHub", system="github", base_url="http://127.0.0.1:9", check_every_minutes=0
    )
    made.streams.update(enabled=False)
    for secret in SECRETS:
        credentials.store(made, "webhook_secret", secret, keep_old_for=timedelta(days=1))
    return made


def drain() -> float:
    """Seconds until everything is done; prints what is left on the way."""
    db.connection.close()  # it may have died with the database
    began, undone = time.monotonic(), WebhookEvent.objects.filter(state__in=UNDONE).order_by()
    while left := dict(undone.values_list("state").annotate(Count("pk"))):
        print(f"{time.monotonic() - began:5.1f} s after the last: {left}")
        assert time.monotonic() - began < DRAINED_S, "it does not come to an end"
        time.sleep(1)
    return time.monotonic() - began


def test_nothing_acknowledged_is_lost_or_done_twice(
    deployment: Deployment, database: CrashingPostgreSQL, github: Service
) -> None:
    seed = int(os.environ.get("CHAOS_SEED") or random.randrange(10**6))
    print(f"seed {seed}, {DELIVERIES} deliveries in {SECONDS:g} s")
    chance = random.Random(seed)
    web, worker = deployment.start_web(), deployment.start_worker()
    senders = Senders(f"{deployment.url}/hooks/github/", SECRETS, DELIVERIES, SECONDS * 0.8, chance)

    def kill_web() -> None:
        nonlocal web
        web = restarted(deployment, web)

    def crash_database() -> None:
        database.crash()
        time.sleep(DOWN_S)
        database.start()

    faults = [kill_web, crash_database, lambda: processes.kill_group(guard_of(worker)), kill_web]
    chance.shuffle(faults)
    sending = Thread(target=senders.send_all)
    sending.start()
    wreak(faults, SECONDS * 0.6, chance)
    sending.join()
    drained_s = drain()
    say(senders, drained_s)

    stored = set(WebhookEvent.objects.values_list("delivery_id", flat=True))
    assert len(senders.acknowledged) == DELIVERIES
    assert stored == {f"id:{delivery}" for delivery in senders.acknowledged}
    assert set(WebhookEvent.objects.values_list("state", flat=True)) == {"succeeded"}
    assert Effect.objects.filter(times=1, handler="github.push").count() == DELIVERIES
    assert Effect.objects.count() == DELIVERIES
    twice = Attempt.objects.filter(outcome="succeeded").values("event").annotate(times=Count("pk")).filter(times__gt=1)
    assert not twice.exists()
    assert not Attempt.objects.filter(outcome="running").exists()


def restarted(deployment: Deployment, web: Running) -> Running:
    """The web server, killed whole and started again, as whoever supervises it would."""
    groups = {web.pid, *(row.group for row in processes.descendants(web.pid))}
    for group in groups:
        processes.kill_group(group)
    web.popen.wait()
    seconds_until(lambda: not processes.listens(deployment.port), 10, "the port is free")
    return deployment.start_web()


def wreak(faults: list[Callable[[], None]], seconds: float, chance: random.Random) -> None:
    """One fault after the other, spread over this time."""
    for fault in faults:
        time.sleep(seconds / len(faults) * chance.uniform(0.5, 1))
        fault()


def say(senders: Senders, drained_s: float) -> None:
    took = sorted(senders.took)
    p95, p99 = (took[int(len(took) * part)] * 1000 for part in (0.95, 0.99))
    print(
        f"{len(senders.acknowledged)} acknowledged, {senders.twice} sent twice, {senders.refused} refused or broken off, "
        f"p95 {p95:.0f} ms, p99 {p99:.0f} ms, drained {drained_s:.1f} s after the last"
    )
