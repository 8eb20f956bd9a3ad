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
from integrations.models import Call, Service

WINDOWS = list(stats.WINDOWS.values())


def call(service: Service, age: timedelta, duration_ms: float = 10.0, outcome: str = "ok") -> Call:
    return Call(
        service=service,
        operation="list",
        method="GET",
        url="http://127.0.0.1/",
        outcome=outcome,
        started_at=timezone.now() - age,
        duration_ms=duration_ms,
        trigger="sync",
        correlation_id=uuid.uuid4(),
    )


def nearest_rank(values: list[float], percent: int) -> float:
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1]


# Shares of a window; those near its beginning would be in it or not by the time they are looked at.
AGES = st.floats(0.0, 0.99) | st.floats(1.01, 3.0)
DURATIONS = st.floats(0.0, 1e6) | st.sampled_from([1.0, 2.0])
CALLS = st.lists(
    st.tuples(st.booleans(), AGES, DURATIONS, st.sampled_from(["ok", "timeout", "server_error"])), max_size=60
)
OFTEN = settings(max_examples=50, deadline=None, suppress_health_check=[Hypothesis.function_scoped_fixture])


def stored(made: Any, cms: Service, github: Service, window: stats.WindowSpec) -> list[Call]:
    """These calls and no others."""
    Call.objects.all().delete()
    rows = [call(cms if left else github, window.span * age, spent, outcome) for left, age, spent, outcome in made]
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
        spent = [row.duration_ms for row in inside]
        errors = sum(row.outcome != "ok" for row in inside)
        wanted = (len(inside), errors, *(nearest_rank(spent, percent) for percent in (50, 95, 99))) if inside else None
        figures = found.get(service.pk)
        assert (figures and (figures.calls, figures.errors, figures.p50, figures.p95, figures.p99)) == wanted


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
            if row.service == service and row.started_at >= window.since:
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
