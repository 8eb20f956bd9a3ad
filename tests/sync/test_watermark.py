"""The newest change a stream knows of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from django.utils import timezone as django_timezone

from integrations.models import Stream, SyncRun
from integrations.sync import watermark
from integrations.systems.base import BadItem, Gone, Item
from tests.sync.source import Source, refuse, retry, sync

BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)
EARLIER = BEGAN - timedelta(days=1)
HOUR = timedelta(hours=1)


def run(**values: Any) -> SyncRun:
    return SyncRun(started_at=BEGAN, **values)


def item(stamp: object) -> Item:
    return Item("1", {"source_modified_at": stamp})


def known(stream: Stream) -> datetime | None:
    return Stream.objects.get(pk=stream.pk).watermark


@pytest.mark.parametrize(
    ("stamps", "found"),
    [
        ([], None),
        ([None], None),
        ([EARLIER, EARLIER - HOUR], EARLIER),
        ([None, EARLIER], EARLIER),
        ([BEGAN + HOUR], BEGAN),
        ([datetime(9998, 1, 1, tzinfo=UTC), EARLIER], BEGAN),
        ([datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))], None),
        ([datetime(2026, 1, 1)], None),  # noqa: DTZ001 - of no zone, as only a wrong System would say
        (["2026-01-01"], None),
    ],
)
def test_the_newest_of_a_page_is_a_moment_that_is_over(stamps: list[object], found: datetime | None) -> None:
    assert watermark.newest(run(), [item(stamp) for stamp in stamps]) == found


def test_what_earlier_pages_and_runs_held_counts() -> None:
    assert watermark.newest(run(newest_change_at=EARLIER), [item(EARLIER - HOUR)]) == EARLIER
    assert watermark.newest(run(newest_change_at=EARLIER), [Gone("1"), BadItem("2", "id", "Odd.")]) == EARLIER
    assert watermark.newest(run(pass_began_at=EARLIER), [item(BEGAN)]) == EARLIER


def test_what_changes_during_a_run_is_not_what_is_known_after_it(source: Source, things: Stream) -> None:
    source.put(*"abcd", stamp=EARLIER)
    source.trouble = {2: lambda: source.put("a", "d", title="Changed meanwhile")}
    first = sync(things)
    source.trouble = {}
    watermark_after = known(things)
    assert watermark_after == first.started_at
    assert sync(things).updated == 1  # a, on the page that had been read


def test_it_never_moves_backwards(source: Source, things: Stream) -> None:
    source.put("a", "b")
    sync(things)
    before = known(things)
    source.put("a", "b", stamp=EARLIER)
    sync(things, full=True)
    assert known(things) == before


def test_what_a_failed_run_read_counts_when_its_retry_has_come_to_the_end(source: Source, things: Stream) -> None:
    source.put("a", stamp=EARLIER)
    source.put("b", "c", stamp=EARLIER - HOUR)
    source.trouble = {2: refuse}
    failed = sync(things)
    source.trouble = {}
    retry(failed)
    assert known(things) == EARLIER


@pytest.mark.parametrize("full", [True, False])
def test_a_run_that_failed_leaves_it_alone(source: Source, things: Stream, full: bool) -> None:
    source.put(*"abcd", stamp=EARLIER)
    sync(things)
    source.put(*"abcd", stamp=django_timezone.now())
    source.trouble = {2: refuse}
    failed = sync(things, full=full)
    assert (failed.state, failed.mode) == ("failed", "full" if full else "incremental")
    assert failed.newest_change_at
    assert known(things) == EARLIER


def test_items_without_a_stamp_make_every_run_read_everything(source: Source, things: Stream) -> None:
    source.items = {"a": Item("a", {"title": "A title"})}
    sync(things)
    assert known(things) is None
    assert sync(things).mode == "full"
