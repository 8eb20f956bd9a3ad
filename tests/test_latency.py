"""Every figure of calls against a plain computation, whether it is read from rollups, from the log or from both."""

from __future__ import annotations

import math
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck as Hypothesis
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations import comparison, latency
from integrations.latency import Traffic
from integrations.models import Call, LatencyRollup, RollupMark, Service
from integrations.rollups import histogram, writing
from integrations.rollups.raw import start_of
from integrations.rollups.tally import Tally
from integrations.windows import LAST, Window

NEAR = 0.01  # what a percentile may differ by, as a part of it
WINDOWS = sorted(LAST)


def call(service: Service, age: timedelta, duration_ms: float = 10.0, outcome: str = "ok", cache: str = "") -> Call:
    return Call(
        service=service,
        operation="list",
        method="GET",
        url="http://127.0.0.1/",
        outcome=outcome,
        cache=cache,
        started_at=timezone.now() - age,
        duration_ms=duration_ms,
        trigger="sync",
        correlation_id=uuid.uuid4(),
    )


def was_sent(row: Call) -> bool:
    return row.cache not in {"hit", "stale"} and row.outcome != "not_sent"


def nearest_rank(values: list[float], percent: int) -> float:
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1]


# Shares of a window; those near its beginning would be in it or not by the time they are looked at.
AGES = st.floats(0.0, 0.95) | st.floats(1.1, 3.0)
DURATIONS = st.floats(0.0, 1e6) | st.sampled_from([1.0, 2.0])
CAME_TO = [
    ("ok", ""),
    ("failed", ""),
    ("ok", "revalidated"),
    ("ok", "hit"),
    ("rejected", "hit"),
    ("ok", "stale"),
    ("not_sent", ""),
]
CALLS = st.lists(st.tuples(st.booleans(), AGES, DURATIONS, st.sampled_from(CAME_TO)), max_size=40)
OFTEN = settings(max_examples=40, deadline=None, suppress_health_check=[Hypothesis.function_scoped_fixture])


def stored(made: Any, cms: Service, github: Service, name: str, rolled: float) -> list[Call]:
    """These calls and no others; that share of them before the log was rolled up."""
    for model in (Call, LatencyRollup, RollupMark):
        model._default_manager.all().delete()
    span = LAST[name][1]
    rows = [call(cms if left else github, span * age, spent, *came_to) for left, age, spent, came_to in made]
    early = Call.objects.bulk_create(rows[: round(rolled * len(rows))])
    if rolled:
        writing.roll_up()
    return [*early, *Call.objects.bulk_create(rows[len(early) :])]


def in_window(rows: list[Call], service: Service, window: Window) -> list[Call]:
    return [row for row in rows if row.service == service and row.started_at >= window.since]


@OFTEN
@given(made=CALLS, name=st.sampled_from(WINDOWS), rolled=st.sampled_from([0.0, 1.0]))
def test_figures_are_those_of_a_plain_computation(
    cms: Service, github: Service, made: Any, name: str, rolled: float
) -> None:
    rows = stored(made, cms, github, name, rolled)
    window = Window.last(name)
    found, _points = latency.overview(window)
    for service in (cms, github):
        inside = in_window(rows, service, window)
        sent = [row for row in inside if was_sent(row)]
        traffic = found.get(service.pk, Traffic())
        assert (traffic.calls, traffic.errors) == (len(sent), sum(row.outcome != "ok" for row in sent))
        assert traffic.cached == sum(row.cache in {"hit", "stale"} for row in inside)
        assert traffic.kept_back == sum(row.outcome == "not_sent" for row in inside)
        spent = [row.duration_ms for row in sent]
        assert traffic.max_ms == (max(spent) if spent else None)
        for percent in latency.PERCENTS if spent else ():
            assert traffic.percentiles[percent] == pytest.approx(nearest_rank(spent, percent), NEAR, 0.001)


@OFTEN
@given(made=CALLS, name=st.sampled_from(WINDOWS), rolled=st.sampled_from([0.0, 1.0]))
def test_charts_are_those_of_a_plain_computation(
    cms: Service, github: Service, made: Any, name: str, rolled: float
) -> None:
    rows = stored(made, cms, github, name, rolled)
    window = Window.last(name)
    _figures, points = latency.overview(window)
    for service in (cms, github):
        wanted: dict[datetime, list[float]] = {}
        for row in filter(was_sent, in_window(rows, service, window)):
            wanted.setdefault(start_of(window.step, row.started_at), []).append(row.duration_ms)
        found = points.get(service.pk, [])
        assert [point.at for point in found] == sorted(wanted)
        assert set(wanted) <= set(window.points())
        for point in found:
            for value, percent in ((point.p50, 50), (point.p95, 95)):
                assert value == pytest.approx(nearest_rank(wanted[point.at], percent), NEAR, 0.001)


@pytest.mark.parametrize("size", [1, 2, 19, 20, 21, 99, 100, 101])
def test_percentiles_are_by_nearest_rank(cms: Service, size: int) -> None:
    Call.objects.bulk_create([call(cms, timedelta(minutes=1), float(number)) for number in range(size, 0, -1)])
    traffic = latency.figures_of(cms.pk, Window.last("1h"))
    wanted = [float(math.ceil(size * percent / 100)) for percent in latency.PERCENTS]
    assert list(traffic.percentiles.values()) == pytest.approx(wanted, NEAR)


def test_an_open_circuit_is_neither_fast_nor_an_error_of_the_service(cms: Service) -> None:
    minute = timedelta(minutes=1)
    Call.objects.bulk_create([call(cms, minute, 200.0), *(call(cms, minute, 0.1, "not_sent") for _ in range(50))])
    figures = latency.figures_of(cms.pk, Window.last("1h"))
    assert (figures.calls, figures.error_percent, figures.kept_back) == (1, 0.0, 50)
    assert figures.p50 == pytest.approx(200.0, NEAR)


def test_a_cache_that_answers_everything_hides_no_failure(cms: Service) -> None:
    minute = timedelta(minutes=1)
    rows = [call(cms, minute, 900.0, "failed"), *(call(cms, minute, 0.1, "ok", "stale") for _ in range(50))]
    Call.objects.bulk_create(rows)
    figures = latency.figures_of(cms.pk, Window.last("1h"))
    assert (figures.calls, figures.error_percent, figures.cached) == (1, 100.0, 50)
    assert figures.p99 == pytest.approx(900.0, NEAR)


def test_what_was_only_tried_is_in_no_figure(cms: Service) -> None:
    tried = call(cms, timedelta(minutes=1))
    tried.trigger = "trial"
    tried.save()
    assert latency.figures_of(cms.pk, Window.last("1h")).calls == 0
    writing.roll_up()
    assert latency.figures_of(cms.pk, Window.last("24h")).calls == 0


@pytest.mark.parametrize(
    ("durations", "failed", "apdex"),
    [([100] * 4, 0, 1.0), ([100, 100, 900, 900], 0, 0.75), ([100, 100, 3000, 3000], 0, 0.5), ([100] * 4, 4, 0.5)],
)
def test_apdex_counts_what_satisfies_and_half_of_what_is_tolerated(
    cms: Service, durations: list[float], failed: int, apdex: float
) -> None:
    minute = timedelta(minutes=1)
    rows = [*(call(cms, minute, ms) for ms in durations), *(call(cms, minute, 1, "failed") for _ in range(failed))]
    Call.objects.bulk_create(rows)
    assert latency.figures_of(cms.pk, Window.last("1h")).apdex(500) == apdex


def traffic(*durations: float) -> Traffic:
    rows = [
        {
            "calls": 1,
            "retries": 0,
            "total_us": int(ms * 1000),
            "max_ms": ms,
            "codes": "",
            "slowest": "[]",
            "buckets": histogram.pack({histogram.bucket_of(ms): 1}),
        }
        for ms in durations
    ]
    return Traffic({"ok": Tally.of(rows)})


def test_a_change_names_who_is_behind_it() -> None:
    steady, quick, slow = traffic(*[100] * 50), traffic(*[100] * 50), traffic(*[100] * 30, *[900] * 20)
    before, now = {"list": steady, "find": quick}, {"list": steady, "find": slow}
    slower = comparison.change(*(latency.together(each.values()) for each in (before, now)))
    assert slower is not None
    assert slower.is_worth_saying
    assert slower.percent == pytest.approx(800, 2 * NEAR)
    assert comparison.mostly(slower, before, now) == "find"


def test_what_stayed_the_same_is_no_change_and_nobody_is_behind_it() -> None:
    steady = traffic(*[100] * 50)
    members = {"list": steady, "find": steady}
    same = comparison.change(steady, steady)
    assert same is not None
    assert (same.percent, same.is_worth_saying) == (0, False)
    assert comparison.mostly(same, members, members) is None
    assert comparison.change(Traffic(), steady) is None
    assert comparison.change(steady, Traffic()) is None
