"""How many calls took how long: a log-linear histogram in whole microseconds.

The layout is HdrHistogram's: 64 buckets for each doubling, so that the middle of a bucket is within 0.8 % of whatever
is in it; up to 128 µs each microsecond has a bucket of its own. Databases find the bucket by the same arithmetic
(`functions.Bucket`), and a row holds the filled buckets only.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from itertools import accumulate, compress

PER_DOUBLING = 64
TOP_BITS = 36  # 19 hours; nothing takes that long
HIGHEST = (TOP_BITS - 6) * PER_DOUBLING + PER_DOUBLING - 1


def bucket_of(ms: float) -> int:
    """Where a duration is counted."""
    us = int(min(max(ms, 0.0) * 1000, (1 << TOP_BITS) - 1))
    doublings = max(us.bit_length() - 7, 0)
    return doublings * PER_DOUBLING + (us >> doublings)


def lowest(bucket: int) -> float:
    """The milliseconds at which a bucket begins."""
    doublings = max(bucket // PER_DOUBLING - 1, 0)
    return float((bucket - doublings * PER_DOUBLING) << doublings) / 1000


def middle(bucket: int) -> float:
    """The milliseconds that stand for all that is in a bucket."""
    return MIDDLES[bucket]


# A page asks a hundred thousand times.
MIDDLES = [(lowest(bucket) + lowest(bucket + 1)) / 2 for bucket in range(HIGHEST + 1)]


def percentiles(buckets: Mapping[int, int], percents: Iterable[int]) -> dict[int, float]:
    """By nearest rank, as of the sorted durations; nothing where there are none."""
    filled = sorted(buckets)
    reached = list(accumulate(map(buckets.__getitem__, filled)))
    # Ranks are whole numbers, so that no rounding of 0.95 * 20 asks for rank 20.
    ranks = {percent: -(-reached[-1] * percent // 100) for percent in percents} if filled else {}
    return {percent: middle(filled[bisect_left(reached, rank)]) for percent, rank in ranks.items()}


def pack(buckets: Mapping[int, int]) -> bytes:
    """The filled buckets: their numbers, then their counts."""
    filled = sorted(buckets)
    return array("H", filled).tobytes() + array("I", [buckets[bucket] for bucket in filled]).tobytes()


def merged(packed: Iterable[bytes | memoryview]) -> dict[int, int]:
    """What several came to together of what `pack` made."""
    total = [0] * (HIGHEST + 1)  # counting in a list takes half as long as in a dict
    for each in packed:
        size, view = len(each) // 6, memoryview(each)
        for bucket, count in zip(view[: 2 * size].cast("H"), view[2 * size :].cast("I"), strict=True):
            total[bucket] += count
    return {bucket: total[bucket] for bucket in compress(range(len(total)), total)}
