"""kill -9 of the worker at random points of a long sync: what is copied in the end, and what it cost."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from integrations import ops
from integrations.models import Change, Record, RecordError, RunEvent, Service, SyncRun
from tests.flows import processes
from tests.flows.deployment import Deployment, deploy
from tests.flows.processes import seconds_until
from tests.peers import database_servers
from tests.peers.cursor_list import AHEAD, OPTIONS, SIZE, CursorList

pytestmark = pytest.mark.slow

ROWS, TENTHS, KILLS_IN_EACH = 10_000, 10, 2
KILLS = TENTHS * KILLS_IN_EACH
PAGES = ROWS // SIZE
WRITTEN_AT_ONCE = 10  # pages of a transaction and those read meanwhile: what a kill can cost
LEFT_OUT = 2 * AHEAD  # pages
LONGEST_S = 300  # of a run, on a machine that has other things to do
# What differs between two runs that did the same: who, when, how often begun.
OF_THE_RUN = ("stream_id", "correlation_id", "claims", "lost", "lease_owner", "lease_token", "lease_until")
OF_THE_COPY = ("service_id", "stream_id", "first_run_id", "last_run_id")
TIMES = (
    "worked_s",
    "created_at",
    "started_at",
    "finished_at",
    "due_at",
    "enqueued_at",
    "read_at",
    "synced_at",
    "met_at",
)


def item(number: int, edition: str) -> dict[str, Any]:
    return {"id": f"row-{number:05}", "title": f"Row {number}, {edition} edition", "words": ["a", number]}


def first_edition() -> list[dict[str, Any]]:
    return [item(number, "first") for number in range(8_000)]


def second_edition() -> list[dict[str, Any]]:
    """As many rows as are to be read: most as they were, some changed, gone, new or of no use."""
    items = [item(n, "second" if n % 10 == 0 else "first") for n in range(500, 500 + ROWS)]
    return [{**each, "title": {"no": "text"}} if n % 250 == 7 else each for n, each in enumerate(items)]


@pytest.fixture(params=["sqlite", "postgresql"])
def deployment(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Deployment]:
    """A console on each of the two databases."""
    with django_db_blocker.unblock(), database_url(request.param) as url:
        monkeypatch.setenv("DATABASE_URL", url)
        with deploy(tmp_path) as deployed:
            yield deployed


@contextmanager
def database_url(make: str) -> Iterator[str]:
    if make == "sqlite":
        yield ""
        return
    with database_servers.serving(make) as server:
        assert isinstance(server, database_servers.PostgreSQL)
        yield server.url


@pytest.fixture
def remote() -> Iterator[CursorList]:
    with CursorList() as served:
        yield served


def service(name: str, remote: CursorList) -> Service:
    made = Service.objects.create(
        slug=name,
        name=name,
        system="rest",
        base_url=remote.url,
        options={**OPTIONS, "resource_path": f"/{name}"},
        check_every_minutes=0,
    )
    made.streams.update(guard_rows=ROWS)
    return made


def started(service: Service) -> SyncRun:
    return ops.sync(service.streams.get(name="records"), SyncRun.Trigger.COMMAND)


def ended(run: SyncRun) -> SyncRun:
    seconds_until(lambda: SyncRun.objects.get(pk=run.pk).state not in SyncRun.ACTIVE, LONGEST_S, f"{run} has ended")
    return SyncRun.objects.get(pk=run.pk)


def points(chance: random.Random) -> list[int]:
    """Cursors all over the list, as many in each tenth, so that workers do not die too often without any progress.

    The last pages are left out, so that every kill finds a run under way: a worker reads ahead, and one that is killed may
    have met two points, the second of which then kills the next.
    """
    tenth = (PAGES - LEFT_OUT) // TENTHS
    begins = range(0, PAGES - LEFT_OUT, tenth)
    pages = (begin + page for begin in begins for page in chance.sample(range(tenth), KILLS_IN_EACH))
    return [SIZE * page for page in pages]


def kill_its_worker(run: SyncRun) -> None:
    """SIGKILL, and the minute of its lease is over; returns when the run waits for another worker."""
    running = SyncRun.objects.filter(pk=run.pk, state=SyncRun.State.RUNNING)
    seconds_until(
        running.exists, 60, "somebody works on it", every=0.02
    )  # the one killed before may have met two points
    owner = SyncRun.objects.get(pk=run.pk).lease_owner
    processes.kill(int(owner.rpartition(":")[2]))
    held = running.filter(lease_owner=owner)

    def is_freed() -> bool:
        # More than once: the database may still finish what the dead one has sent.
        return not held.update(lease_until=timezone.now() - timedelta(seconds=1))

    seconds_until(is_freed, 60, "the run is freed")


def row_without(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in {"id", *TIMES, *names}}


def of_run(run: SyncRun) -> dict[str, Any]:
    return row_without(SyncRun.objects.values().get(pk=run.pk), *OF_THE_RUN)


def copied(service: Service) -> list[dict[str, Any]]:
    """Every row with all its columns but numbers of runs and times; of `deleted_at`, whether there is one."""
    rows = Record.objects.filter(service=service).order_by("external_id").values()
    return [row_without(row, *OF_THE_COPY) | {"deleted_at": bool(row["deleted_at"])} for row in rows]


def told(run: SyncRun) -> list[dict[str, Any]]:
    """What the run says it did to which row of ours, and what it could not use."""
    names = dict(Record.objects.filter(service=run.stream.service).values_list("pk", "external_id"))
    changes = Change.objects.filter(run=run).order_by("external_id", "kind").values()
    errors = RecordError.objects.filter(run=run).order_by("key").values()
    return [
        *(row_without(row, "run_id") | {"object_id": names[row["object_id"] or 0]} for row in changes),
        *(row_without(row, "run_id", "stream_id") for row in errors),
    ]


def test_a_run_killed_at_twenty_random_points_ends_as_one_that_nobody_disturbed(
    deployment: Deployment, remote: CursorList
) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    calm, killed = service("calm", remote), service("killed", remote)
    deployment.start_worker()
    remote.items = first_edition()
    assert [ended(run).created for run in (started(calm), started(killed))] == [8_000, 8_000]
    remote.items = second_edition()
    undisturbed = ended(started(calm))

    remote.forget()
    remote.tell_of(points(chance))
    run = started(killed)
    began = time.monotonic()
    for _ in range(KILLS):
        point = remote.met.get(timeout=LONGEST_S)
        time.sleep(chance.uniform(0, 0.15))
        kill_its_worker(run)
        remote.go_on(point)
    run = ended(run)

    asked = remote.cursors["/killed"]
    again = asked.total() - len(asked)
    print(f"{KILLS} kills ({run.lost} while it ran), {again} pages again, {time.monotonic() - began:.0f} s")
    assert (run.state, run.items, run.pages) == (SyncRun.State.PARTIAL, ROWS, PAGES)
    assert run.items == run.created + run.updated + run.unchanged + run.rejected + run.skipped
    assert of_run(run) == of_run(undisturbed)
    assert copied(killed) == copied(calm)
    assert told(run) == told(undisturbed)
    assert set(asked) == {SIZE * page for page in range(PAGES)}
    assert again <= run.lost * WRITTEN_AT_ONCE
    assert run.lost == RunEvent.objects.filter(run=run, kind=RunEvent.Kind.LOST).count()
    assert run.lost >= KILLS - 1, "a kill between two slices loses nothing, and is rare"
