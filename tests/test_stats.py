"""Every figure of the dashboard against a plain computation."""

from __future__ import annotations

import math
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck as Hypothesis
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations import stats
from integrations.models import CachedAnswer, Call, Service

WINDOWS = list(stats.WINDOWS.values())


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
AGES = st.floats(0.0, 0.99) | st.floats(1.01, 3.0)
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
CALLS = st.lists(st.tuples(st.booleans(), AGES, DURATIONS, st.sampled_from(CAME_TO)), max_size=60)
OFTEN = settings(max_examples=50, deadline=None, suppress_health_check=[Hypothesis.function_scoped_fixture])


def stored(made: Any, cms: Service, github: Service, window: stats.WindowSpec) -> list[Call]:
    """These calls and no others."""
    Call.objects.all().delete()
    rows = [call(cms if left else github, window.span * age, spent, *came_to) for left, age, spent, came_to in made]
    return Call.objects.bulk_create(rows)


@OFTEN
@given(made=CALLS, window=st.sampled_from(WINDOWS))
def test_figures_are_those_of_a_plain_computation(
    cms: Service, github: Service, made: Any, window: stats.WindowSpec
) -> None:
    rows = stored(made, cms, github, window)
    found = stats.figures_by_service(window)
    for service in (cms, github):
        inside = [row for row in rows if row.service == service and row.started_at >= window.since]
        sent = [row for row in inside if was_sent(row)]
        spent = [row.duration_ms for row in sent]
        wanted = stats.Figures(
            len(sent),
            sum(row.outcome != "ok" for row in sent),
            sum(row.cache in {"hit", "stale"} for row in inside),
            sum(row.outcome == "not_sent" for row in inside),
            *(nearest_rank(spent, percent) if spent else None for percent in (50, 95, 99)),
        )
        assert found.get(service.pk) == (wanted if inside else None)


@OFTEN
@given(made=CALLS, window=st.sampled_from(WINDOWS))
def test_charts_are_those_of_a_plain_computation(
    cms: Service, github: Service, made: Any, window: stats.WindowSpec
) -> None:
    rows = stored(made, cms, github, window)
    found = stats.latency_by_service(window)
    for service in (cms, github):
        buckets: dict[datetime, list[float]] = {}
        for row in rows:
            if row.service == service and row.started_at >= window.since and was_sent(row):
                start = row.started_at.timestamp() // window.bucket_s * window.bucket_s
                buckets.setdefault(datetime.fromtimestamp(start, tz=UTC), []).append(row.duration_ms)
        wanted = [stats.Point(at, nearest_rank(ms, 50), nearest_rank(ms, 95)) for at, ms in sorted(buckets.items())]
        assert found.get(service.pk, []) == wanted
        assert {point.at for point in wanted} <= set(window.buckets())


@pytest.mark.parametrize("size", [1, 2, 19, 20, 21, 99, 100, 101])
def test_percentiles_are_values_that_were_measured(cms: Service, size: int) -> None:
    Call.objects.bulk_create([call(cms, timedelta(minutes=1), float(number)) for number in range(size, 0, -1)])
    figures = stats.figures_by_service(stats.WINDOWS["1h"])[cms.pk]
    assert (figures.p50, figures.p95, figures.p99) == tuple(float(math.ceil(size * p / 100)) for p in (50, 95, 99))


def test_an_open_circuit_is_neither_fast_nor_an_error_of_the_service(cms: Service) -> None:
    minute = timedelta(minutes=1)
    Call.objects.bulk_create([call(cms, minute, 200.0), *(call(cms, minute, 0.1, "not_sent") for _ in range(50))])
    figures = stats.figures_of(cms, stats.WINDOWS["1h"])
    assert (figures.calls, figures.error_percent, figures.kept_back, figures.p50) == (1, 0.0, 50, 200.0)


def test_a_cache_that_answers_everything_hides_no_failure(cms: Service) -> None:
    minute = timedelta(minutes=1)
    rows = [call(cms, minute, 900.0, "failed"), *(call(cms, minute, 0.1, "ok", "stale") for _ in range(50))]
    Call.objects.bulk_create(rows)
    figures = stats.figures_of(cms, stats.WINDOWS["1h"])
    assert (figures.calls, figures.error_percent, figures.cached, figures.p99) == (1, 100.0, 50, 900.0)


def test_cached_answers_are_counted_up_to_a_bound(
    cms: Service, github: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        CachedAnswer.objects.create(service=cms, key=str(number), operation="x", stored_at=timezone.now())
    CachedAnswer.objects.create(service=cms, key="being asked", operation="x")
    assert (stats.cached_answers(cms), stats.cached_answers(github)) == (4, 0)
    monkeypatch.setattr(stats, "MOST_ANSWERS", 3)
    assert stats.cached_answers(cms) == 3
