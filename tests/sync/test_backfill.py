"""A range of time is read again, and moves nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from integrations import ops
from integrations.models import Record, Stream, SyncRun
from integrations.systems.base import Item
from tests.sync.source import Source, as_declared, refuse, retry, sync, work
from tests.worker import work_off

STAFF = SyncRun.Trigger.STAFF
MARCH, APRIL, MAY = (datetime(2026, month, 1, tzinfo=UTC) for month in (3, 4, 5))


@pytest.fixture
def copied(source: Source, things: Stream) -> Source:
    """Copied, and then changed with old times, as a source does that was put back from its backup."""
    for key, moment in (("a", MARCH), ("b", APRIL), ("c", MAY)):
        source.put(key, stamp=moment)
    sync(things)
    for key, moment in (("a", MARCH), ("b", APRIL), ("c", MAY)):
        source.put(key, title="Put back", stamp=moment)
    return source


def backfill(stream: Stream, start: datetime, end: datetime) -> SyncRun:
    return work(ops.backfill(Stream.objects.get(pk=stream.pk), STAFF, None, start, end))


def titles() -> dict[str, str]:
    return dict(Record.objects.values_list("external_id", "title"))


def test_what_changed_in_the_range_is_copied_and_nothing_else(copied: Source, things: Stream) -> None:
    run = backfill(things, MARCH + timedelta(days=1), APRIL)
    assert titles() == {"a": "A title", "b": "Put back", "c": "A title"}
    assert (run.state, run.mode, run.items, run.updated, run.aside) == ("succeeded", "backfill", 2, 1, 1)
    assert copied.asked[-1] == {"since": (MARCH + timedelta(days=1)).isoformat()}


def test_it_leaves_the_position_and_rows_that_did_not_come_alone(copied: Source, things: Stream) -> None:
    before = Stream.objects.filter(pk=things.pk).values().get()
    copied.remove("b")
    assert backfill(things, MARCH, MAY).deleted == 0
    assert Stream.objects.filter(pk=things.pk).values().get() == before


def test_what_says_no_time_is_taken(copied: Source, things: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    copied.items["a"] = Item("a", {"title": "Undated", "data": {"id": "a"}, "source_modified_at": None})
    monkeypatch.setattr(copied, "_wanted", lambda _since: sorted(copied.items))
    run = backfill(things, MARCH, APRIL)
    assert (titles()["a"], run.undated) == ("Undated", 1)


def test_its_retry_reads_the_same_range(copied: Source, things: Stream) -> None:
    copied.trouble = {2: refuse}
    run = ops.backfill(things, STAFF, None, MARCH, APRIL)
    work_off()
    copied.trouble = {}
    run.refresh_from_db()
    again = retry(run)
    assert (again.mode, again.until, again.carried) == ("backfill", APRIL, 2)
    once_more = retry(again)
    assert (once_more.mode, once_more.until, once_more.carried) == ("backfill", APRIL, 0)
    assert copied.asked[-1] == {"since": MARCH.isoformat()}


def test_a_source_that_cannot_tell_what_changed_has_no_ranges(source: Source, things: Stream) -> None:
    as_declared(incremental=False)
    with pytest.raises(ops.Impossible, match=r"cannot tell what changed when\. Press “Sync everything”"):
        ops.backfill(things, STAFF, None, MARCH, APRIL)


def test_a_range_has_a_length_and_has_begun(source: Source, things: Stream) -> None:
    with pytest.raises(ops.Impossible, match="ends before it begins"):
        ops.backfill(things, STAFF, None, APRIL, MARCH)
    later = timezone.now() + timedelta(hours=1)
    with pytest.raises(ops.Impossible, match="has not begun yet"):
        ops.backfill(things, STAFF, None, later, later + timedelta(days=1))
