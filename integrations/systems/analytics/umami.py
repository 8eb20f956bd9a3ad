"""Umami's API, versions 3 and 2, self-hosted and in its cloud."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from integrations.systems.analytics.product import KEEP, PageStats, Product, seconds, unreadable, whole
from integrations.transport.codes import Code
from integrations.transport.errors import CallError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
WINDOW = timedelta(seconds=15)  # of the cloud's limit
BAD_ACCESS = (
    "Umami says the same of a bad key and of a website that the account may not see: check “Site” and the credentials."
)


class Umami(Product):
    """Version 3."""

    parameter = "path"

    # https://umami.is/docs/api/website-stats#get-apiwebsiteswebsiteidstats
    def get_page_stats(self, path: str, start: datetime, end: datetime) -> PageStats:
        """Views of the page, and the time between its first and last view averaged over the visits that saw it."""
        self._check_path(path)
        # Umami counts the last millisecond in.
        params = {"startAt": _since_epoch(start), "endAt": _since_epoch(end) - 1, self.parameter: path}
        answer = self._ask("get_page_stats", "GET", f"{self._website}/stats", KEEP, params=params)
        figures = self._figures(answer.data)
        visits = self._visits(figures)
        average = seconds(figures.get("totaltime"), "totaltime") / visits if visits > 0 else None
        return PageStats(whole(figures.get("pageviews"), "pageviews"), average, answer.as_of)

    # https://umami.is/docs/api/websites#get-apiwebsiteswebsiteid
    def check_health(self) -> str:
        """The website with that ID; asked for its figures Umami answers zeros where there is none."""
        website = self._ask("check_health", "GET", self._website, None).data
        if website is None:
            raise CallError(Code.NOT_FOUND, f"Umami knows no website “{self._site}”. Check “Site”.")
        if not isinstance(website, dict) or str(website.get("id")).lower() != self._site.lower():
            raise CallError(Code.BAD_ANSWER, f"The answer is not about the website “{self._site}”.")
        return f"Knows the website “{website.get('name') or website.get('domain') or self._site}”."

    @property
    def _website(self) -> str:
        return f"/websites/{quote(self._site, safe='')}"

    def _check_path(self, path: str) -> None:
        if "," in path:
            raise CallError(
                Code.NOT_SENDABLE,
                f"Umami 3 takes the comma in “{path}” for the end of a path, and would count other pages.",
            )

    def _figures(self, data: Any) -> Mapping[str, Any]:
        """By name; the first versions send null where nothing was counted."""
        if not isinstance(data, dict) or "pageviews" not in data:
            raise unreadable("pageviews")
        if isinstance(data["pageviews"], dict):
            raise unreadable("pageviews", "This looks like Umami 2: choose that as product.")
        return {name: 0 if value is None else value for name, value in data.items()}

    def _visits(self, figures: Mapping[str, Any]) -> int:
        return whole(figures.get("visits"), "visits")

    def _next_window(self, now: datetime) -> datetime:
        return now + WINDOW

    def _hint(self, error: CallError) -> str:
        return BAD_ACCESS if error.code is Code.AUTH_FAILED else ""


class Umami2(Umami):
    """Version 2: another parameter, and every figure in a mapping of its own."""

    parameter = "url"

    def _check_path(self, path: str) -> None:
        """Any path is taken as it is."""

    def _figures(self, data: Any) -> Mapping[str, Any]:
        if isinstance(data, dict) and isinstance(data.get("pageviews"), int | str):
            raise unreadable("pageviews.value", "This looks like Umami 3: choose that as product.")
        if not isinstance(data, dict):
            raise unreadable("pageviews.value")
        return {name: figure.get("value") for name, figure in data.items() if isinstance(figure, dict)}

    def _visits(self, figures: Mapping[str, Any]) -> int:
        """Until 2.10 visits were not counted; its own pages then divided by the views that were followed by others."""
        if "visits" in figures:
            return super()._visits(figures)
        return whole(figures.get("pageviews"), "pageviews") - whole(figures.get("bounces"), "bounces")

    def _hint(self, error: CallError) -> str:
        if error.status == 500:
            return "Umami 2 answers so where it does not know the website: check “Site”."
        return super()._hint(error)


def _since_epoch(moment: datetime) -> int:
    """Milliseconds."""
    return (moment - EPOCH) // MILLISECOND
