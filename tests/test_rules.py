"""The rules that hold the house up (docs call them by these numbers), each shown to fail when it is broken."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone
from django_q.models import OrmQ, Schedule

from integrations import credentials, ops, queue, tasks
from integrations.models import Call, HealthCheck, Job, Service, ServiceState, SyncRun, WebhookEvent
from integrations.queue import ensure_tick
from tests.source import APP, ROOT, calls, imports_of, modules, names
from tests.systems.contract import FORBIDDEN
from tests.tables import places_of
from tests.transport.server import Reply, ScriptedServer

Checker = Callable[[str], set[str]]
DATABASES = ("sqlite3", "psycopg", "psycopg2", "pymysql", "MySQLdb", "pyodbc", "oracledb", "mssql_python", "pymssql")
# The console's own database, in the words of its driver; the file of a sandbox.
OPENERS = ("integrations/transport/", "integrations/prepared.py", "integrations/systems/legacy_database/sandbox.py")
CLIENTS = ("requests", "urllib3", "urllib.request", "http.client", "httpx", "aiohttp", "ftplib", "smtplib", "telnetlib")
WRITES = ("create", "bulk_create", "get_or_create", "update_or_create", "update", "bulk_update", "save")
# The supervisor's clock, commands at which a person waits, and the faults of the sandboxes.
WAITERS = (
    "integrations/supervisor.py",
    "integrations/cluster.py",
    "integrations/management/",
    "integrations/faults.py",
    "integrations/transport/waiting.py",
)
REVEALERS = ("integrations/connections.py", "integrations/webhooks/verification.py")
DECRYPTERS = (
    "integrations/models/credential.py",
    "integrations/tokens.py",
    "integrations/keyring.py",
    "integrations/candidates.py",
)
CANARY = "canary-of-the-rules-0123456789"


def systems_look_up(source: str) -> set[str]:
    return imports_of(source, FORBIDDEN)


def transport_looks_up(source: str) -> set[str]:
    return imports_of(source, ["django", *FORBIDDEN, "integrations.recorder", "integrations.systems"])


def writes_calls(source: str) -> set[str]:
    made = {f"{model}.objects.{write}" for model in ("Call", "CallBody") for write in WRITES} | {"Call", "CallBody"}
    return calls(source) & made


def talks_to_the_network(source: str) -> set[str]:
    return imports_of(source, CLIENTS)


def opens_databases(source: str) -> set[str]:
    opened = {call for call in calls(source) if call.rpartition(".")[2] in {"create_engine", "create_async_engine"}}
    return opened | imports_of(source, [*DATABASES, "sqlalchemy.create_engine", "sqlalchemy.engine", "sqlalchemy.text"])


def enqueues(source: str) -> set[str]:
    words = {"async_task", "async_iter", "async_chain", "AsyncTask", "Chain", "Iter", "enqueue"}
    return (names(source) & words) | imports_of(source, ["django_q.tasks"])


def schedules(source: str) -> set[str]:
    return imports_of(source, ["django_q.models.Schedule", "django_q.tasks.schedule"])


def sleeps(source: str) -> set[str]:
    """`waiting.sleep` is bounded; everything else named so is not."""
    return {call for call in calls(source) if call.rpartition(".")[2] == "sleep" and call != "waiting.sleep"}


def reveals(source: str) -> set[str]:
    return {call for call in calls(source) if call.rpartition(".")[2] == "reveal"}


def decrypts(source: str) -> set[str]:
    ways = ("cryptography", "integrations.keyring.decrypt", "integrations.references.follow")
    called = {call for call in calls(source) if call == "references.follow" or call.endswith(".decrypt")}
    return called | imports_of(source, ways)


def offenders(checker: Checker, *folders: Path, but: tuple[str, ...] = ()) -> dict[str, set[str]]:
    """What each module does that it must not; the ones named may."""
    found = {path.relative_to(ROOT).as_posix(): checker(path.read_text()) for path in modules(*folders)}
    return {path: names for path, names in found.items() if names and not path.startswith(but)}


RULES: dict[str, tuple[Checker, tuple[Path, ...], tuple[str, ...]]] = {
    "1: systems know nothing of rows": (systems_look_up, (APP / "systems",), ()),
    "2: the transport knows nothing of rows": (transport_looks_up, (APP / "transport",), ()),
    "2: only the recorder writes calls": (writes_calls, (APP, ROOT / "console"), ("integrations/recorder.py",)),
    "3: only the transport talks": (talks_to_the_network, (APP, ROOT / "console"), ("integrations/transport/",)),
    "3: only the transport opens foreign databases": (opens_databases, (APP, ROOT / "console"), OPENERS),
    "4: only the bells of ops enqueue": (enqueues, (APP, ROOT / "console"), ("integrations/ops/bells.py",)),
    "4: there is one schedule": (schedules, (APP, ROOT / "console"), ("integrations/queue.py", "integrations/admin/")),
    "9: secrets are revealed where they are used": (reveals, (APP, ROOT / "console"), REVEALERS),
    "9: only credentials and tokens are decrypted": (decrypts, (APP, ROOT / "console"), DECRYPTERS),
    "10: no worker sleeps": (
        sleeps,
        (APP, ROOT / "console"),
        WAITERS,
    ),
}


@pytest.mark.parametrize(("checker", "folders", "but"), RULES.values(), ids=RULES)
def test_the_source_keeps_the_rule(checker: Checker, folders: tuple[Path, ...], but: tuple[str, ...]) -> None:
    assert offenders(checker, *folders, but=but) == {}


@pytest.mark.parametrize(
    ("checker", "bad"),
    [
        (systems_look_up, "from integrations.models import Call"),
        (systems_look_up, "from integrations import models"),
        (systems_look_up, "def f():\n    import integrations.ops as o"),
        (systems_look_up, "from django.db.models import F"),
        (transport_looks_up, "from django.utils import timezone"),
        (transport_looks_up, "from integrations import recorder"),
        (writes_calls, "Call.objects.create(url='x')"),
        (writes_calls, "Call(url='x').save()"),
        (talks_to_the_network, "import requests"),
        (talks_to_the_network, "from urllib import request"),
        (talks_to_the_network, "from http.client import HTTPConnection"),
        (opens_databases, "import psycopg"),
        (opens_databases, "from sqlalchemy import create_engine as connect"),
        (opens_databases, "import sqlalchemy\nsqlalchemy.create_engine('sqlite://')"),
        (opens_databases, "from sqlalchemy import text"),
        (enqueues, "from django_q.tasks import async_task as later"),
        (enqueues, "import django_q.tasks\ndjango_q.tasks.async_task('x')"),
        (enqueues, "broker.enqueue('x')"),
        (schedules, "from django_q.models import Schedule"),
        (schedules, "from django_q.tasks import schedule"),
        (reveals, "credential.reveal(Purpose.VERIFY)"),
        (decrypts, "keyring.decrypt(('x',), row.ciphertext)"),
        (decrypts, "from integrations.keyring import decrypt as read"),
        (decrypts, "references.follow(row.reference)"),
        (decrypts, "from cryptography.fernet import Fernet"),
        (sleeps, "import time\ntime.sleep(60)"),
        (sleeps, "from time import sleep\nsleep(60)"),
    ],
)
def test_a_broken_rule_is_noticed(checker: Checker, bad: str) -> None:
    assert checker(bad)
    assert not checker("from dataclasses import dataclass\nCall.objects.filter(pk=1)\n")


def test_rule_1_a_declaration_loads_no_client() -> None:
    assert (
        loaded_by("import integrations.systems as s; s.all_systems()") & {"requests", "sqlalchemy", "django.db"}
        == set()
    )


def test_rule_2_the_transport_runs_without_django() -> None:
    loaded = loaded_by("import integrations.transport.http, integrations.transport.database")
    assert {"integrations.transport.http", "integrations.transport.database"} <= loaded
    assert not {name for name in loaded if name.partition(".")[0] == "django"}
    assert "django.db" in loaded_by("import django.db"), "it would be noticed"


def loaded_by(statement: str) -> set[str]:
    """The modules a fresh interpreter has loaded after this."""
    command = [sys.executable, "-c", f"{statement}; import sys; print('\\n'.join(sys.modules))"]
    return set(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split())


@pytest.mark.django_db(transaction=True)
def test_rule_4_no_row_no_bell(cms: Service) -> None:
    with transaction.atomic():
        ops.sync(cms.streams.get(), SyncRun.Trigger.COMMAND)
        ops.check(cms, HealthCheck.Trigger.COMMAND)
        ops.receive(WebhookEvent(service=cms, delivery_id="id:1", body=b"{}"))
        assert OrmQ.objects.count() == 3
        transaction.set_rollback(True)
    assert [model.objects.count() for model in (SyncRun, HealthCheck, WebhookEvent, OrmQ)] == [0, 0, 0, 0]


def test_rule_4_tasks_take_the_id_of_a_row_and_nothing_else(cms: Service) -> None:
    rows: list[Job] = [
        ops.sync(cms.streams.get(), SyncRun.Trigger.COMMAND),
        ops.check(cms, HealthCheck.Trigger.COMMAND),
    ]
    bells = [bell.task for bell in OrmQ.objects.order_by("pk")]
    assert [(bell["func"], bell["args"]) for bell in bells] == [(ops.TASKS[type(row)], (str(row.pk),)) for row in rows]


def test_rule_4_the_queue_runs_what_ops_rings_and_the_tick() -> None:
    assert {*ops.TASKS.values(), queue.TICK, queue.LOG_OUT} == queue.ALLOWED
    assert all(callable(getattr(tasks, name.rpartition(".")[2])) for name in queue.ALLOWED)


def test_rule_4_there_is_one_schedule(db: None) -> None:
    Schedule.objects.create(func="os.system", args="('id',)", schedule_type=Schedule.ONCE)
    ensure_tick()
    ensure_tick()
    assert list(Schedule.objects.values_list("func", flat=True)) == [queue.TICK]


@pytest.fixture
def scripted(cms: Service, remote: ScriptedServer) -> Service:
    Service.objects.update(base_url=remote.url, body_policy=Service.BodyPolicy.ALL)
    cms.refresh_from_db()
    return cms


def run_of(service: Service) -> SyncRun:
    run = ops.sync(service.streams.get(), SyncRun.Trigger.COMMAND)
    tasks.run_sync(str(run.pk))
    run.refresh_from_db()
    return run


@pytest.mark.django_db(transaction=True)
def test_rule_6_a_run_inside_a_transaction_is_an_error(cms: Service) -> None:
    with transaction.atomic():
        run = run_of(cms)
        assert (run.state, run.failure_code) == ("failed", "RuntimeError")
    assert not Call.objects.exists()


def test_rule_9_no_run_keeps_a_secret_in_clear(scripted: Service, remote: ScriptedServer) -> None:
    credentials.store(scripted, "token", CANARY)
    items = f'{{"meta": {{"total_count": 1}}, "items": [{{"id": 1, "title": "t", "body": "{CANARY}"}}]}}'
    refusal = f'{{"message": "wrong token {CANARY}"}}'
    for reply in (Reply(403, refusal.encode()), Reply(429, refusal.encode(), (("Retry-After", "60"),))):
        remote.answers(reply)
        assert "wrong token [redacted]" in run_of(scripted).failure_message
        SyncRun.objects.update(state="cancelled")
    ServiceState.objects.update(limited_until=None)
    assert places_of(CANARY) == []
    remote.answers(Reply(body=items.encode()))
    run_of(scripted)
    # An article is what the remote publishes; everything beside it is ours to keep clean.
    assert {table for table, _ in places_of(CANARY)} <= {"integrations_essay", "integrations_change"}


def test_rule_10_a_long_wait_parks_the_run_and_frees_the_worker(scripted: Service, remote: ScriptedServer) -> None:
    remote.answers(Reply(503, headers=(("Retry-After", "120"),)))
    began_at, began = time.monotonic(), timezone.now()
    run = run_of(scripted)
    assert time.monotonic() - began_at < 10
    assert (run.state, run.lease_until, len(remote.asked)) == ("parked", None, 1)
    assert began + timedelta(seconds=119) < run.due_at < timezone.now() + timedelta(seconds=121)
    assert "Goes on by itself" in run.failure_message
    tasks.run_sync(str(run.pk))
    assert len(remote.asked) == 1, "it is not taken up before it is due"
