"""The position of a stream is moved by hand, and everybody sees who did it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from integrations import ops
from integrations.models import PositionChange, Stream, SyncRun
from integrations.sync import plan
from tests.sync.source import Source, as_declared, refuse, retry, sync
from tests.worker import work_off

AN_HOUR = timedelta(hours=1)


def again(stream: Stream) -> Stream:
    return Stream.objects.get(pk=stream.pk)


def test_the_next_run_reads_from_the_position_that_was_set(source: Source, things: Stream, manager: User) -> None:
    source.put("a")
    sync(things)
    before, moment = again(things).watermark, timezone.now() - AN_HOUR
    ops.set_position(again(things), moment, manager)
    change = PositionChange.objects.get()
    assert (change.stream, change.before, change.after, change.actor) == (things, before, moment, manager)
    run = sync(things)
    assert (run.mode, run.since) == ("incremental", moment - timedelta(seconds=things.lag_seconds))


def test_forgetting_it_is_noted_too(source: Source, things: Stream) -> None:
    source.put("a")
    sync(things)
    before = again(things).watermark
    ops.forget_position(again(things))
    change = PositionChange.objects.get()
    assert (change.before, change.after, change.actor) == (before, None, None)
    assert plan.since(again(things)) is None


def test_no_retry_goes_on_where_an_earlier_run_stopped(source: Source, things: Stream) -> None:
    source.put(*"abcd")
    sync(things)
    source.put(*"abcd")
    source.trouble = {2: refuse}
    run = ops.sync(again(things), SyncRun.Trigger.STAFF)
    work_off()
    source.trouble = {}
    ops.set_position(again(things), timezone.now() - AN_HOUR)
    assert (retry(run).carried, retry(run).mode) == (0, "full")


def test_it_cannot_be_set_where_that_would_change_nothing_or_lose_something(source: Source, things: Stream) -> None:
    now = timezone.now()
    with pytest.raises(ops.Impossible, match="never read whole"):
        ops.set_position(things, now)
    source.put("a")
    sync(things)
    with pytest.raises(ops.Impossible, match="has not come yet"):
        ops.set_position(again(things), now + AN_HOUR)
    ops.sync(again(things), SyncRun.Trigger.STAFF)
    with pytest.raises(ops.Impossible, match="is being synced"):
        ops.set_position(again(things), now)
    as_declared(incremental=False)
    with pytest.raises(ops.Impossible, match="cannot tell what changed"):
        ops.set_position(again(things), now)
    assert not PositionChange.objects.exists()
