"""A time is covered by as few spans as may be, and by each moment of it once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from integrations.rollups.reading import DAY, HOUR, MINUTE, THREE_HOURS, _cover

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.sampled_from([MINUTE, HOUR, THREE_HOURS, DAY]))
def test_every_minute_is_covered_once(first: int, length: int, longest: int) -> None:
    since = BEGIN + timedelta(minutes=first)
    until = since + timedelta(minutes=length)
    at = since
    for span, begin, end in _cover(since, until, longest):
        assert begin == at < end
        assert span <= longest
        assert (begin - BEGIN) % timedelta(seconds=span) == (end - BEGIN) % timedelta(seconds=span) == timedelta()
        at = end
    assert at == until


def test_days_are_read_as_days() -> None:
    since, until = BEGIN + timedelta(hours=19, minutes=58), BEGIN + timedelta(days=4, hours=4, minutes=1)
    found = [(span, (end - begin) // timedelta(seconds=span)) for span, begin, end in _cover(since, until, DAY)]
    assert found == [(MINUTE, 2), (HOUR, 1), (THREE_HOURS, 1), (DAY, 3), (THREE_HOURS, 1), (HOUR, 1), (MINUTE, 1)]


def test_seconds_are_left_to_the_log() -> None:
    assert list(_cover(BEGIN, BEGIN + timedelta(seconds=59), DAY)) == []
