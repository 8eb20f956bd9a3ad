"""PostgreSQL plans the statement of a call once a connection, and forgetting it costs no row."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.db import connection

from integrations.models import Call, Service, SyncRun
from integrations.recorder import Cause, Recorder
from integrations.transport.codes import Code
from integrations.transport.details import CallDetails, Said, Timings

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no server that could forget a statement"),
]
OFTEN = 8  # psycopg prepares what was asked five times before


@pytest.fixture
def record(cms: Service) -> Iterator[Recorder]:
    """On a connection of its own, since what is prepared lives as long as that."""
    connection.close()
    yield Recorder(cms, Cause(Call.Trigger.COMMAND, uuid.uuid4()))
    connection.close()


def details(number: int) -> CallDetails:
    """No two have the same size of numbers and the same values missing."""
    return CallDetails(
        operation="list_things",
        method="GET",
        url="https://remote.example/things",
        code=Code.OK,
        chain=uuid.uuid4(),
        started_at=datetime(2026, 3, 1, tzinfo=UTC),
        status=None if number % 2 else 200,
        timings=Timings(1.0, dns=None if number % 3 else 0.5),
        response_bytes=10**number,
        request=Said({"Accept": "*/*"}),
        response=Said(body="told"),
    )


def prepared() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_prepared_statements")
        return [name for (name,) in cursor.fetchall()]


def test_calls_of_every_kind_are_one_statement(record: Recorder) -> None:
    for number in range(OFTEN):
        record(details(number))
    assert Call.objects.count() == OFTEN
    assert len(prepared()) == 1


@pytest.mark.parametrize("elsewhere", [[], ["PREPARE {} AS SELECT 1"]], ids=["nothing", "another"])
def test_a_pooler_that_changes_the_server_behind_a_connection_costs_no_row(
    record: Recorder, elsewhere: list[str]
) -> None:
    for number in range(OFTEN):
        record(details(number))
    (name,) = prepared()
    with connection.cursor() as cursor:
        for statement in ("DEALLOCATE {}", *elsewhere):
            cursor.execute(statement.format(name))
    for number in range(OFTEN):
        record(details(number))
    assert (Call.objects.count(), record.unrecorded) == (2 * OFTEN, 0)


def test_a_name_that_another_client_of_the_pooler_took_costs_no_row(record: Recorder) -> None:
    with connection.cursor() as cursor:
        cursor.execute("PREPARE _pg3_0 AS SELECT 1")
    for number in range(OFTEN):
        record(details(number))
    assert (Call.objects.count(), record.unrecorded) == (OFTEN, 0)


@contextmanager
def noted() -> Iterator[Callable[[], list[str]]]:
    """With what setting each call is inserted."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE seen (number serial, setting text)")
        cursor.execute(
            "CREATE FUNCTION pg_temp.note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN "
            "INSERT INTO seen (setting) VALUES (current_setting(''synchronous_commit'')); RETURN NEW; END'"
        )
        cursor.execute(
            "CREATE TRIGGER note AFTER INSERT ON integrations_call FOR EACH ROW EXECUTE FUNCTION pg_temp.note()"
        )

        def seen() -> list[str]:
            cursor.execute("SELECT setting FROM seen ORDER BY number")
            return [setting for (setting,) in cursor.fetchall()]

        try:
            yield seen
        finally:
            cursor.execute("DROP TRIGGER note ON integrations_call")


@pytest.fixture
def run(cms: Service) -> SyncRun:
    return SyncRun.objects.create(stream=cms.streams.get(), trigger="staff")


@pytest.mark.parametrize("body", [Said(body="told"), None], ids=["with what was said", "without"])
def test_calls_of_runs_alone_do_not_wait_for_the_disk_and_nothing_stays_behind(
    record: Recorder, run: SyncRun, body: Said | None
) -> None:
    of_run = Recorder(record.service, replace(record.cause, run_id=run.pk))
    with noted() as seen:
        for recorder in (record, of_run, of_run, record):
            recorder(replace(details(1), request=body, response=body))
        assert seen() == ["on", "off", "off", "on"]
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("on",)
    assert Call.objects.filter(run=run).count() == 2
