"""SQLite writes the calls of a run without waiting for its disk, and everything else with."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection

from integrations import rows
from integrations.models import Call, Service, SyncRun
from integrations.recorder import Cause, Recorder
from integrations.transport.codes import Code
from integrations.transport.details import CallDetails

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL is told so by the statement itself"),
]
NORMAL, FULL = 1, 2
DETAILS = CallDetails("list_things", "GET", "https://remote.example", Code.OK, uuid.uuid4(), datetime.now(UTC))


def level() -> int:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous")
        return int(cursor.fetchone()[0])


@contextmanager
def noted() -> Iterator[list[int]]:
    """With what setting each call is inserted."""
    seen: list[int] = []
    with connection.cursor() as cursor:
        cursor.connection.create_function("note", 0, lambda: seen.append(level()))
        cursor.execute("CREATE TEMP TRIGGER note AFTER INSERT ON main.integrations_call BEGIN SELECT note(); END")
        try:
            yield seen
        finally:
            cursor.execute("DROP TRIGGER note")


def test_calls_of_runs_alone_do_not_wait_for_the_disk_and_nothing_stays_behind(cms: Service) -> None:
    run = SyncRun.objects.create(stream=cms.streams.get(), trigger="staff")
    staff = Recorder(cms, Cause(Call.Trigger.COMMAND, uuid.uuid4()))
    of_run = Recorder(cms, replace(staff.cause, run_id=run.pk))
    with noted() as seen:
        for recorder in (staff, of_run, of_run, staff):
            recorder(DETAILS)
    assert (seen, level()) == ([FULL, NORMAL, NORMAL, FULL], FULL)
    assert Call.objects.filter(run=run).count() == 2


def test_a_call_that_cannot_be_written_leaves_nothing_behind() -> None:
    nothing = {field.attname: None for field in Call._meta.concrete_fields}
    with pytest.raises(IntegrityError):
        rows.insert(nothing, None, hurried=True)
    assert (level(), connection.connection.in_transaction) == (FULL, False)
