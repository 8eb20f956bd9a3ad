"""The buckets: each holds what is within a percent, the database finds the same, and merging loses nothing."""

from __future__ import annotations

import json
import math
from collections import Counter
from datetime import timedelta
from itertools import pairwise

from hypothesis import HealthCheck as Hypothesis
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.functions import Bucket, Microseconds
from integrations.models import Call, Service
from integrations.rollups import histogram
from integrations.rollups.tally import Tally
from tests.test_latency import call

DURATIONS = st.floats(0, 1e8) | st.integers(0, 2**36).map(lambda us: us / 1000)
LISTS = st.lists(DURATIONS, min_size=1, max_size=60)
ODD = st.sampled_from([-1.0, 0.0, 1e300, 128 / 1000, 255.999 / 1000, 2**35 / 1000, 2**36 / 1000])


@given(DURATIONS)
def test_the_middle_of_a_bucket_is_within_a_percent_or_a_microsecond(ms: float) -> None:
    middle = histogram.middle(histogram.bucket_of(ms))
    if ms < 2**36 / 1000:
        assert abs(middle - ms) <= max(0.01 * ms, 0.001)


@given(DURATIONS, DURATIONS)
def test_longer_is_never_in_a_lower_bucket(one: float, other: float) -> None:
    assert histogram.bucket_of(min(one, other)) <= histogram.bucket_of(max(one, other)) <= histogram.HIGHEST


@given(st.integers(0, histogram.HIGHEST))
def test_a_bucket_begins_where_it_says(bucket: int) -> None:
    assert histogram.bucket_of(histogram.lowest(bucket)) in {bucket, bucket - 1}  # by a rounding of the float at most
    assert histogram.bucket_of(histogram.middle(bucket)) == bucket


@given(LISTS, st.integers(1, 100))
def test_percentiles_are_by_nearest_rank(durations: list[float], percent: int) -> None:
    buckets = Counter(map(histogram.bucket_of, durations))
    exact = sorted(map(histogram.bucket_of, durations))[math.ceil(len(durations) * percent / 100) - 1]
    assert histogram.percentiles(buckets, [percent]) == {percent: histogram.middle(exact)}


def test_nothing_has_no_percentiles() -> None:
    assert histogram.percentiles({}, [50]) == {}


def tally(durations: list[tuple[int, float]]) -> Tally:
    """Of calls with these keys."""
    rows = []
    for key, ms in durations:
        bucket = {histogram.bucket_of(ms): 1}
        row = {
            "calls": 1,
            "retries": key % 2,
            "total_us": int(ms * 1000),
            "max_ms": ms,
            "codes": '{"timeout": 1}' if key % 3 else "",
        }
        rows.append({**row, "slowest": json.dumps([(ms, key)]), "buckets": histogram.pack(bucket)})
    return Tally.of(rows)


@given(LISTS, st.lists(st.integers(0, 59), max_size=5))
def test_any_partition_merges_to_the_whole(durations: list[float], cuts: list[int]) -> None:
    calls = list(enumerate(durations))
    edges = [0, *sorted(min(cut, len(calls)) for cut in cuts), len(calls)]
    parts = [tally(calls[low:high]) for low, high in pairwise(edges)]
    merged, stored = Tally(), Tally.of([part.columns() for part in parts])
    for part in parts:
        merged.add(part)
    assert merged.columns() == stored.columns() == tally(calls).columns()


@settings(max_examples=60, deadline=None, suppress_health_check=[Hypothesis.function_scoped_fixture])
@given(durations=st.lists(DURATIONS | ODD, min_size=1, max_size=30))
def test_the_database_finds_the_same_bucket(cms: Service, durations: list[float]) -> None:
    Call.objects.all().delete()
    Call.objects.bulk_create([call(cms, timedelta(0), ms) for ms in durations])
    found = Call.objects.annotate(bucket=Bucket("duration_ms"), us=Microseconds("duration_ms"))
    for ms, bucket, us in found.values_list("duration_ms", "bucket", "us"):
        assert bucket == histogram.bucket_of(ms)
        assert us == int(min(max(ms, 0) * 1000, 2**36))


def test_what_is_packed_is_small(db: None) -> None:
    packed = histogram.pack({5: 1, 900: 70_000})
    assert (histogram.merged([packed, memoryview(packed)]), len(packed)) == ({5: 2, 900: 140_000}, 12)
