"""Figures of single pages, whichever product counts them."""

from __future__ import annotations

from datetime import datetime, timedelta

from integrations.systems.analytics.plausible import Plausible
from integrations.systems.analytics.product import PageStats
from integrations.systems.analytics.umami import Umami, Umami2
from integrations.systems.base import Options
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from integrations.transport.http import Transport

PRODUCTS = {"umami": Umami, "umami2": Umami2, "plausible": Plausible}
SHORTEST = timedelta(seconds=1)


class Client:
    """One site at Umami or Plausible."""

    def __init__(self, transport: Transport, options: Options) -> None:
        self.options = options
        self._product = PRODUCTS[options["product"]](transport, str(options["site"] or "").strip())

    def get_page_stats(self, path: str, start: datetime, end: datetime) -> PageStats:
        """Views of one page and the average time of a visit.

        Kept for 15 minutes; figures up to a week old stand in while the product fails. Periods that begin and
        end on the hour or day are asked once for all callers.

        Args:
            path: as the product shows it, beginning with a slash, without what follows a question mark.
            start: with its zone.
            end: with its zone; not part of the period.

        Raises:
            CallError: path or period cannot be asked for, or the product refused, failed or answered nonsense.
            Parked: a limit is used up.
            ValueError: a moment has no zone.
        """
        if start.tzinfo is None or end.tzinfo is None:
            raise ValueError("Both ends of the period need a zone.")
        if end - start < SHORTEST:
            raise CallError(Code.NOT_SENDABLE, "The period must end after it begins.")
        if not path.startswith("/") or "?" in path:
            raise CallError(
                Code.NOT_SENDABLE,
                f"“{path}” is not the path of a page: it begins with “/” and ends before any question mark.",
            )
        return self._product.get_page_stats(path, start, end)

    def check_health(self) -> str:
        """Whether the product lets us in and knows the site."""
        return self._product.check_health()
