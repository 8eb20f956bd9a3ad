"""What the products have in common: how they are asked, and how their figures are judged."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Unpack

from integrations.transport.answer import Answer
from integrations.transport.cache import DAY_S, Cache
from integrations.transport.codes import Code
from integrations.transport.errors import CallError, Parked, SignInFailed
from integrations.transport.exchange import Content
from integrations.transport.http import Transport

KEEP = Cache(ttl_s=15 * 60, stale_if_error_s=7 * DAY_S)
MOST = 2**53  # what JSON can count


@dataclass(frozen=True)
class PageStats:
    """Figures of one page in one period.

    Attributes:
        average_visit_s: seconds; None where nobody can say.
        as_of: set where the product could not be asked: when these figures were true.
    """

    page_views: int
    average_visit_s: float | None
    as_of: datetime | None = None


class Product(ABC):
    """One site at one of the products; the base of each."""

    def __init__(self, transport: Transport, site: str) -> None:
        self._transport = transport
        self._site = site

    @abstractmethod
    def get_page_stats(self, path: str, start: datetime, end: datetime) -> PageStats:
        """See `Client`."""

    @abstractmethod
    def check_health(self) -> str:
        """See `Client`."""

    def _ask(self, operation: str, method: str, path: str, cache: Cache | None, **content: Unpack[Content]) -> Answer:
        """An answer that is JSON.

        Raises:
            CallError: as the transport, with what this product means by it.
            Parked: also where the limit is used up and the product does not say for how long.
        """
        if not self._site:
            raise CallError(Code.NOT_SENDABLE, "There is no “Site” yet: enter it at the service.")
        try:
            return self._transport.request(operation, method, path, cache, **content)
        except SignInFailed:
            raise
        except CallError as error:
            if error.code is Code.RATE_LIMITED and error.retry_after is None:
                raise Parked(self._next_window(datetime.now(UTC)), str(error)) from error
            if hint := self._hint(error):
                raise CallError(error.code, f"{error} {hint}", error.answer, error.retry_after) from error
            raise

    @abstractmethod
    def _next_window(self, now: datetime) -> datetime:
        """When a limit that is used up is new again."""

    @abstractmethod
    def _hint(self, error: CallError) -> str:
        """What this product may mean by an error, in a sentence; empty where the error says all."""


def whole(value: Any, name: str) -> int:
    """A count; databases behind the products send large ones as text."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 17:
        value = int(value)
    if type(value) is not int or not 0 <= value <= MOST:
        raise unreadable(name)
    return value


def seconds(value: Any, name: str) -> float:
    """A length of time."""
    if isinstance(value, float) and math.isfinite(value) and 0 <= value <= MOST:
        return value
    return float(whole(value, name))


def unreadable(name: str, remark: str = "") -> CallError:
    """There is no such figure where it should be."""
    return CallError(Code.BAD_ANSWER, f"There is no number at “{name}” in the answer. {remark}".strip())
