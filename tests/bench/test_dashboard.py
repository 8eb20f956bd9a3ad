"""The benchmark of the pages about calls: what it says of what was measured."""

from __future__ import annotations

from typing import Any

import dashboard


def told(page_ms: float, list_ms: float, **more: Any) -> dict[str, Any]:
    pages = {"landing page, 7d": page_ms / 2, "latency, 7d": page_ms, "calls, first page": list_ms}
    return {"name": "x", "pages": pages, "rolled_s_per_million": 10.0, **more}


def purged(calls: int, seconds: float, longest: float) -> dict[str, float]:
    return {"purged": calls, "purge_s": seconds, "purge_longest_s": longest, "purge_others_s": 0.02}


def test_the_slowest_page_of_any_database_counts() -> None:
    found = {
        "sqlite": [told(150, 30), purged(2000, 0.1, 0.3)],
        "postgresql": [
            told(100, 20, exact_s=1, sums_s=0.02, worst_error=0.002),
            told(120, 90, exact_s=8, sums_s=0.04, worst_error=0.004, rolled_s_per_million=20.0),
            purged(100_000, 6, 0.1),
        ],
    }
    assert dashboard.figures(found) == {
        "page_ms_max": 150,
        "list_ms_max": 90,
        "rollup_s_per_million": 20.0,
        "purge_s_per_million": 60.0,
        "purge_lock_s": 0.3,
        "growth_1m_to_10m": 1.2,
        "vs_percentile_cont": 200.0,
        "worst_error": 0.004,
    }


def test_sqlite_alone_has_no_growth() -> None:
    found = dashboard.figures({"sqlite": [told(150, 30), purged(0, 0.1, 0.3)]})
    wanted = {"page_ms_max", "list_ms_max", "rollup_s_per_million", "purge_s_per_million", "purge_lock_s"}
    assert set(found) == wanted
