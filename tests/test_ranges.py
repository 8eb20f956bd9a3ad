"""Days and moments as people write them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from django.utils import timezone

from integrations import ranges


@pytest.fixture(autouse=True)
def _in_berlin() -> Iterator[None]:
    with timezone.override("Europe/Berlin"):
        yield


@pytest.mark.parametrize(
    ("text", "last", "expected"),
    [
        ("2026-03-29", False, datetime(2026, 3, 28, 23, tzinfo=UTC)),
        ("2026-03-29", True, datetime(2026, 3, 29, 21, 59, 59, 999999, tzinfo=UTC)),  # an hour was left out that day
        ("2026-01-31T14:05", True, datetime(2026, 1, 31, 13, 5, tzinfo=UTC)),
        ("2026-01-31T14:05Z", False, datetime(2026, 1, 31, 14, 5, tzinfo=UTC)),
    ],
)
def test_a_day_is_whole_and_a_moment_is_itself(text: str, last: bool, expected: datetime) -> None:
    assert ranges.moment(text, last=last) == expected


@pytest.mark.parametrize("text", ["", "yesterday", "2026-02-30", "31.01.2026", "2026-01-31T25:00"])
def test_what_is_neither_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"(I|i)nvalid|day|hour"):
        ranges.moment(text)


def test_two_days_in_a_row_leave_nothing_between_them() -> None:
    first, second = date(2026, 10, 24), date(2026, 10, 25)
    assert ranges.last_moment(first) + ranges.LAST_BIT == ranges.first_moment(second)
