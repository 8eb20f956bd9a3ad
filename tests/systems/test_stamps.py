"""What Systems share: stamps of strangers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from integrations.systems.stamps import parse_moment, parse_stamp


def test_a_stamp_without_a_zone_is_in_utc() -> None:
    assert parse_stamp("2026-01-02T03:04:05") == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert parse_stamp("2026-01-02T03:04:05+02:00") == datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize("text", [None, 5, "", "yesterday", "9999-12-31T23:30:00Z", "0001-01-01T00:00:00Z"])
def test_what_no_zone_can_show_is_no_stamp(text: object) -> None:
    assert parse_stamp(text) is None


@pytest.mark.parametrize(
    "value", [1_770_271_200, "1770271200", 1_770_271_200.0, 1_770_271_200_000, "2026-02-05T06:00:00Z"]
)
def test_a_moment_may_be_counted_since_1970(value: object) -> None:
    assert parse_moment(value) == datetime(2026, 2, 5, 6, tzinfo=UTC)


@pytest.mark.parametrize("value", [0, 2026, True, None, -5, 1e30, float("nan"), "12345678", "99999999999999", [], {}])
def test_other_numbers_are_no_moments(value: object) -> None:
    assert parse_moment(value) is None


def test_a_day_in_digits_is_a_day() -> None:
    assert parse_moment("20260301") == datetime(2026, 3, 1, tzinfo=UTC)
