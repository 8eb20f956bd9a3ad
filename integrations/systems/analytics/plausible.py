"""Plausible's Stats API v2."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import jmespath

from integrations.systems.analytics.product import KEEP, PageStats, Product, seconds, whole
from integrations.transport.cache import Cache
from integrations.transport.codes import Code
from integrations.transport.errors import CallError

ASK_ANEW = Cache(ttl_s=0)  # promises that the POST changes nothing; the answer is not given again
SECOND = timedelta(seconds=1)
SKEW = timedelta(seconds=5)
BAD_ACCESS = "Plausible says the same of an unknown key and of an unknown site: check “Site” and “API key”."


class Plausible(Product):
    """The cloud or a server of one's own."""

    # https://plausible.io/docs/stats-api
    def get_page_stats(self, path: str, start: datetime, end: datetime) -> PageStats:
        """Views of the page, and the average length of the visits that saw it."""
        query = {
            "metrics": ["pageviews", "visit_duration"],
            "date_range": [_stamp(start), _stamp(end - SECOND)],  # Plausible counts the last second in
            "filters": [["is", "event:page", [path]]],
        }
        answer = self._ask("get_page_stats", "POST", "/api/v2/query", KEEP, payload={"site_id": self._site, **query})
        views, average = _metrics(answer.data, 2)
        page_views = whole(views, "pageviews")
        # Without visits there is no average, but Plausible says 0 as often as null.
        known = page_views > 0 and average is not None
        return PageStats(page_views, seconds(average, "visit_duration") if known else None, answer.as_of)

    # https://plausible.io/docs/stats-api
    def check_health(self) -> str:
        """The smallest query there is."""
        query = {"site_id": self._site, "metrics": ["visitors"], "date_range": "day"}
        (visitors,) = _metrics(self._ask("check_health", "POST", "/api/v2/query", ASK_ANEW, payload=query).data, 1)
        return f"{whole(visitors, 'visitors'):,} visitors of {self._site} today."

    def _next_window(self, now: datetime) -> datetime:
        """Calls are counted by the full hour."""
        return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1) + SKEW

    def _hint(self, error: CallError) -> str:
        return BAD_ACCESS if error.code is Code.AUTH_FAILED else ""


def _metrics(data: Any, expected: int) -> list[Any]:
    """Of the only row; zeros where no row came."""
    rows = jmespath.search("results[*].metrics", data)
    if rows == []:
        return [0] * expected
    if not isinstance(rows, list) or len(rows) != 1 or not isinstance(rows[0], list) or len(rows[0]) != expected:
        raise CallError(Code.BAD_ANSWER, f"There is no single row with {expected} metrics at “results” in the answer.")
    return rows[0]


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
