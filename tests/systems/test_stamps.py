"""What Systems share: stamps of strangers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from integrations.systems.stamps import parse_stamp


def test_a_stamp_without_a_zone_is_in_utc() -> None:
    assert parse_stamp("2026-01-02T03:04:05") == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert parse_stamp("2026-01-02T03:04:05+02:00") == datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize("text", [None, 5, "", "yesterday", "9999-12-31T23:30:00Z", "0001-01-01T00:00:00Z"])
def test_what_no_zone_can_show_is_no_stamp(text: object) -> None:
    assert parse_stamp(text) is None
