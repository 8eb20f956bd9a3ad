"""The clients of Umami 3, Umami 2 and Plausible alone, by the examples of their documentation."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.systems.analytics.product import PageStats
from integrations.transport.codes import Code
from tests.systems.unit.alone import Alone, Case, Turn

SITE = "86d4095c-a2a8-4fc8-9521-103e858e2b41"
ANALYTICS = Alone("analytics", "https://stats.example.org", {"site": SITE, "username": "reader"})
UMAMI2 = {"product": "umami2"}
CLOUD = {"umami_access": "api_key"}
PLAUSIBLE = {"product": "plausible", "site": "dummy.site"}
SIGNED = {"Authorization": "Bearer token"}
WITH_KEY = {"Authorization": "Bearer secret"}
SPAN = {"startAt": 1767225600000, "endAt": 1767312000000 - 1}
START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
FIGURES = {"pageviews": 6, "visitors": 5, "visits": 4, "bounces": 0, "totaltime": 6}
WEBSITE = {"id": SITE, "name": "Example", "domain": "example.org"}
DAY = {"site_id": "dummy.site", "metrics": ["visitors"], "date_range": "day"}


def stats(client: Any) -> object:
    return client.get_page_stats("/about", START, END)


def health(client: Any) -> object:
    return client.check_health()


def rows(*metrics: float) -> dict[str, Any]:
    return {"results": [{"metrics": metrics, "dimensions": []}], "meta": {}, "query": {}}


CASES = [
    Case(
        "umami: get_page_stats",
        stats,
        (Turn("GET", f"/websites/{SITE}/stats", FIGURES, query={**SPAN, "path": "/about"}, headers=SIGNED),),
        PageStats(6, 1.5),
    ),
    Case(
        "umami: check_health",
        health,
        (Turn("GET", f"/websites/{SITE}", WEBSITE, headers={"x-umami-api-key": "secret"}),),
        "Knows the website “Example”.",
        CLOUD,
    ),
    Case(
        "umami2: get_page_stats",
        stats,
        (
            Turn(
                "GET",
                f"/websites/{SITE}/stats",
                {name: {"value": figure, "change": 0} for name, figure in FIGURES.items()},
                query={**SPAN, "url": "/about"},
                headers=SIGNED,
            ),
        ),
        PageStats(6, 1.5),
        UMAMI2,
    ),
    Case(
        "plausible: get_page_stats",
        stats,
        (
            Turn(
                "POST",
                "/api/v2/query",
                rows(11, 93.5),
                sent={
                    "site_id": "dummy.site",
                    "metrics": ["pageviews", "visit_duration"],
                    "date_range": ["2026-01-01T00:00:00+00:00", "2026-01-01T23:59:59+00:00"],
                    "filters": [["is", "event:page", ["/about"]]],
                },
                headers=WITH_KEY,
            ),
        ),
        PageStats(11, 93.5),
        PLAUSIBLE,
    ),
    Case(
        "plausible: check_health",
        health,
        (Turn("POST", "/api/v2/query", rows(1234), sent=DAY, headers=WITH_KEY),),
        "1,234 visitors of dummy.site today.",
        PLAUSIBLE,
    ),
    Case(
        "plausible: check_health, nobody came",
        health,
        (Turn("POST", "/api/v2/query", {"results": []}, sent=DAY),),
        "0 visitors of dummy.site today.",
        PLAUSIBLE,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_operation_asks_and_reads_as_documented(case: Case) -> None:
    assert ANALYTICS.outcome(case) == case.result


@pytest.mark.parametrize(
    ("options", "status", "answer", "code"),
    [
        (CLOUD, 401, {"error": {"message": "Unauthorized", "code": "unauthorized", "status": 401}}, Code.AUTH_FAILED),
        (CLOUD, 500, {"error": {"message": "Server error"}}, Code.SERVER_ERROR),
        (CLOUD, 200, None, Code.NOT_FOUND),
        (PLAUSIBLE, 400, {"error": "Missing site ID."}, Code.HTTP_ERROR),
        (PLAUSIBLE, 401, {"error": "Invalid API key or site ID."}, Code.AUTH_FAILED),
    ],
)
def test_what_is_refused_has_one_of_our_codes(options: dict[str, str], status: int, answer: Any, code: Code) -> None:
    asked = ("POST", "/api/v2/query") if options is PLAUSIBLE else ("GET", f"/websites/{SITE}")
    assert ANALYTICS.refused(health, Turn(*asked, answer, status), **options).code is code
