"""How far a run has come."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrations import formatting, progress
from integrations.models import Service, Stream, SyncRun
from integrations.progress import Progress


@pytest.fixture
def stream(cms: Service) -> Stream:
    return cms.streams.get()


def running(stream: Stream, **values: object) -> SyncRun:
    return SyncRun.objects.create(stream=stream, trigger="staff", **{"state": "running", "items": 50, **values})


def test_a_declared_total_is_what_counts(stream: Stream) -> None:
    SyncRun.objects.create(stream=stream, trigger="staff", state="succeeded", items=999)
    found = progress.of(running(stream, total=200, carried=50, worked_s=5.0))
    assert found == Progress(done=100, expected=200, is_estimate=False, per_s=10.0)
    assert (found.percent, found.left_s) == (50, 10.0)


def test_without_one_it_is_about_what_the_last_good_run_of_that_kind_read(stream: Stream) -> None:
    for mode, state, carried, items in (
        ("full", "partial", 100, 300),
        ("full", "failed", 0, 7),
        ("incremental", "succeeded", 0, 9),
    ):
        SyncRun.objects.create(stream=stream, trigger="staff", mode=mode, state=state, items=items, carried=carried)
    found = progress.of(running(stream))
    assert (found.expected, found.is_estimate, found.percent, found.per_s, found.left_s) == (400, True, 12, None, None)


def test_an_estimate_that_was_too_low_never_says_that_all_is_done(stream: Stream) -> None:
    SyncRun.objects.create(stream=stream, trigger="staff", state="succeeded", items=40)
    found = progress.of(running(stream, worked_s=5.0))
    assert (found.percent, found.left_s) == (99, None)


def test_the_first_run_of_a_source_that_does_not_count_is_open(stream: Stream) -> None:
    found = progress.of(running(stream))
    assert (found.expected, found.percent, found.left_s) == (None, None, None)


def test_a_run_that_has_ended_asks_nothing(stream: Stream) -> None:
    run = running(stream, state="failed")
    with CaptureQueriesContext(connection) as queries:
        assert progress.of(run).expected is None
    assert len(queries) == 0


@pytest.mark.parametrize(
    ("per_s", "words"), [(1234.0, "1,234/s"), (10.0, "10/s"), (3.42, "3.4/s"), (0.2, "12/min"), (0.008, "29/h")]
)
def test_a_rate_is_said_in_the_unit_that_fits(per_s: float, words: str) -> None:
    assert formatting.rate(per_s) == words
