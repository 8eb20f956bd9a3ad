"""What a remote says of waiting is understood, bounded, or ignored."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.transport.waiting import LONGEST_WAIT_S, retry_after

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("2.0", 2.0),
        ("0.25", 0.25),
        ("3601", LONGEST_WAIT_S),
        ("1e6", LONGEST_WAIT_S),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30.0),
        ("Sun, 01 Mar 2026 13:00:30 +0100", 30.0),
        ("Sun, 01 Mar 2026 12:00:30", 30.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("Fri, 31 Dec 2099 23:59:59 GMT", LONGEST_WAIT_S),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("NaN", None),
        ("inf", None),
        ("Fri, 31 Dec 99999 23:59:59 GMT", None),
        ("Sun, 01 Mar 2026 12:00:30 +99999999999999", None),
    ],
)
def test_the_header_is_understood_or_ignored(text: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": text}, NOW) == seconds


@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d{1,3} [A-Z][a-z]{2} \d{1,6} \d+:\d+:\d+ [+-]?\w+"))
def test_no_header_raises_or_waits_beyond_the_bound(text: str) -> None:
    for headers in ({"Retry-After": text}, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": text}):
        seconds = retry_after(headers, NOW)
        assert seconds is None or 0 <= seconds <= LONGEST_WAIT_S


@pytest.mark.parametrize(
    ("remaining", "reset", "seconds"),
    [
        ("0", NOW.timestamp() + 90, 90.0),
        ("0", (NOW.timestamp() + 90) * 1000, 90.0),  # a stamp in milliseconds
        ("0", 90, 90.0),  # seconds from now
        ("0", 99999999999, LONGEST_WAIT_S),
        ("0", 1e300, LONGEST_WAIT_S),
        ("0", NOW.timestamp() - 90, 0.0),
        ("1", NOW.timestamp() + 90, None),
        ("0", "later", None),
    ],
)
def test_a_used_up_limit_says_when_it_is_new(remaining: str, reset: object, seconds: float | None) -> None:
    assert retry_after({"X-RateLimit-Remaining": remaining, "X-RateLimit-Reset": str(reset)}, NOW) == seconds
