"""How many calls took how long: a log-linear histogram in whole microseconds.

The layout is HdrHistogram's: 64 buckets for each doubling, so that the middle of a bucket is within 0.8 % of whatever
is in it; up to 128 µs each microsecond has a bucket of its own. Databases find the bucket by the same arithmetic
(`functions.Bucket`), and a row holds the filled buckets only.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import accumulate, compress

PER_DOUBLING = 64
TOP_BITS = 36  # 19 hours; nothing takes that long
FEW = 4  # histograms that a dict merges sooner than a list
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
    found = sorted(packed, key=len, reverse=True)
    if len(found) > FEW:
        return _counted(_filled(found))
    total: dict[int, int] = defaultdict(int)
    for each in found:
        add(total, _filled([each]))
    return total


def _counted(filled: Iterable[tuple[int, int]]) -> dict[int, int]:
    """In a list: quicker to count in than a dict, but slow to begin and to end."""
    total = [0] * (HIGHEST + 1)
    for bucket, count in filled:
        total[bucket] += count
    return defaultdict(int, compress(enumerate(total), total))


def add(total: dict[int, int], filled: Iterable[tuple[int, int]]) -> None:
    """Count these buckets as well."""
    if not total:
        total.update(filled)  # many times as fast, so that whatever has most buckets goes first
        return
    for bucket, count in filled:
        total[bucket] += count


def _filled(packed: Iterable[bytes | memoryview]) -> Iterable[tuple[int, int]]:
    """Each bucket and its count, of one after the other."""
    halves = [(each[: len(each) // 3], each[len(each) // 3 :]) for each in packed]
    numbers, counts = (b"".join(half) for half in zip(*halves, strict=True))
    return zip(array("H", numbers), array("I", counts), strict=True)
