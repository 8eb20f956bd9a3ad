"""What a remote says is left is understood, or counts as nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.transport.quota import FARTHEST, MOST, Quota, read

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOON = NOW + timedelta(seconds=90)
STAMP = str(int(SOON.timestamp()))


@pytest.mark.parametrize(
    ("headers", "quota"),
    [
        (
            {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "4987", "X-RateLimit-Reset": STAMP},
            Quota(4987, 5000, SOON),
        ),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "90"}, Quota(0, None, SOON)),
        ({"X-RateLimit-Remaining": "3"}, Quota(3)),
        (
            {"RateLimit-Limit": "100, 100;w=60", "RateLimit-Remaining": "7", "RateLimit-Reset": "90"},
            Quota(7, 100, SOON),
        ),
        ({"Sforce-Limit-Info": "api-usage=18/5000"}, Quota(4982, 5000)),
        ({"Sforce-Limit-Info": "per-app-api-usage=17/250(appName=sample)"}, Quota(233, 250)),
        ({"Sforce-Limit-Info": "api-usage=5001/5000"}, Quota(0, 5000)),
        ({"X-RateLimit-Remaining": "many"}, None),
        ({"X-RateLimit-Remaining": "-1"}, None),
        ({"X-RateLimit-Limit": "5000"}, None),
        ({}, None),
    ],
)
def test_the_headers_of_vendors_are_understood(headers: Mapping[str, str], quota: Quota | None) -> None:
    assert read(headers, NOW) == quota


@given(st.text(), st.text(), st.text())
def test_no_header_raises_or_breaks_a_column(left: str, limit: str, reset: str) -> None:
    headers = {"X-RateLimit-Remaining": left, "X-RateLimit-Limit": limit, "X-RateLimit-Reset": reset}
    for told in (headers, {"Sforce-Limit-Info": f"api-usage={left}/{limit}"}):
        quota = read(told, NOW)
        assert quota is None or 0 <= quota.left <= MOST
        assert quota is None or quota.reset_at is None or quota.reset_at <= NOW + FARTHEST
