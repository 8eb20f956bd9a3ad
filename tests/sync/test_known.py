"""What there is already of a batch of items."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.models import Record, Stream, SyncRun
from integrations.sync.known import hashes

ODD = ["plain", "with 'quotes' and %s", "größer", 'a "word", {b}', "\\", "NULL", "1"]


@pytest.fixture
def run(things: Stream) -> SyncRun:
    return SyncRun.objects.create(stream=things, trigger="staff")


def put(run: SyncRun, *ids: str, gone: bool = False) -> None:
    now = timezone.now()
    Record.objects.bulk_create(
        Record(
            service=run.stream.service,
            stream=run.stream,
            external_id=each,
            content_hash=f"hash of {each}"[:64],
            synced_at=now,
            deleted_at=now if gone else None,
        )
        for each in ids
    )


def test_each_row_there_is_is_found_whatever_its_id_holds(run: SyncRun) -> None:
    put(run, *ODD)
    assert hashes(run, Record, [*ODD, "another"]) == {each: f"hash of {each}" for each in ODD}


def test_a_row_that_is_marked_as_gone_is_there_without_a_hash(run: SyncRun) -> None:
    put(run, "a")
    put(run, "b", gone=True)
    assert hashes(run, Record, ["a", "b", "c"]) == {"a": "hash of a", "b": None}


def test_of_nothing_nothing_is_known(run: SyncRun) -> None:
    assert hashes(run, Record, []) == {}


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite takes the right index by itself")
def test_of_a_table_just_filled_no_more_rows_are_read_than_asked_for(run: SyncRun) -> None:
    put(run, *map(str, range(3000)))
    with CaptureQueriesContext(connection), connection.cursor() as cursor:
        cursor.execute("SELECT idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'integrations_record'")
        (before,) = cursor.fetchone()
        hashes(run, Record, ["1", "2", "3"])
        cursor.execute("SELECT idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'integrations_record'")
        assert cursor.fetchone()[0] - before <= 3
