"""The one door to the network: one request, its attempts, each timed, bounded, redacted and reported."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import requests
import stamina

from integrations.transport.attempt import Attempt, Exchange
from integrations.transport.deadline import BoundedAdapter
from integrations.transport.details import Hook, Outcome
from integrations.transport.errors import CallError, Parked
from integrations.transport.redaction import Redactor
from integrations.transport.waiting import LONGEST_SLEEP_S

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
NEVER_ARRIVED = frozenset({Outcome.UNREACHABLE, Outcome.RATE_LIMITED})
PERHAPS_ARRIVED = frozenset({Outcome.TIMEOUT, Outcome.BROKEN, Outcome.SERVER_ERROR})
RETRY_WITHIN_S = 60.0


@dataclass(frozen=True)
class Settings:
    """How to talk to one service.

    Attributes:
        headers: sent with every request, credentials among them.
        secrets: every live secret of the service; blanked wherever it turns up.
        connect_timeout_s, deadline_s: seconds; the deadline covers one attempt from start to last byte.
        max_bytes: the largest answer that is read, after decompression.
        attempts: how often a request is tried where trying again does no harm.
    """

    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    connect_timeout_s: float = 5.0
    deadline_s: float = 20.0
    max_bytes: int = 5 * 1024 * 1024
    attempts: int = 3


@dataclass(frozen=True)
class Answer:
    """What a successful request brought back."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    data: Any


class Transport:
    """Speaks to one service. Use it as a context manager, so that its connections are closed."""

    def __init__(self, settings: Settings, hooks: tuple[Hook, ...] = ()) -> None:
        self._settings = settings
        self._hooks = hooks
        self._redactor = Redactor(settings.secrets)
        self._session = requests.Session()
        self._session.trust_env = False  # neither ~/.netrc nor a proxy of the shell decides where secrets go
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, BoundedAdapter())
        self._session.headers["User-Agent"] = "django-operations-console/0.1"
        self._session.headers.update(settings.headers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def get_json(self, operation: str, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """The parsed JSON answer of a GET; see `request`."""
        return self.request(operation, "GET", path, params=params).data

    def request(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        payload: Any = None,
    ) -> Answer:
        """One request with JSON in and out, tried again where that does no harm.

        Args:
            operation: the client's name for it; figures are kept by it.
            path: joined to the base URL of the service.

        Raises:
            CallError: it failed, and trying again would do harm or did not help.
            Parked: the remote asked for a wait of more than 10 seconds.
        """
        exchange = Exchange(operation, method, self._url(path), params, payload)
        chain = uuid.uuid4()
        for retry in stamina.retry_context(
            on=lambda error: self._wait_before_retry(error, method),
            attempts=self._settings.attempts,
            timeout=RETRY_WITHIN_S,
            wait_initial=0.2,
            wait_max=5.0,
            wait_jitter=0.5,
        ):
            with retry:
                return self._attempt(exchange, chain, retry.num)
        raise AssertionError("stamina gives at least one attempt")

    def _url(self, path: str) -> str:
        # Not urljoin: a path that looks like an address of its own would take the credentials there.
        return f"{self._settings.base_url.rstrip('/')}/{path.lstrip('/')}"

    def _attempt(self, exchange: Exchange, chain: uuid.UUID, number: int) -> Answer:
        attempt = Attempt(self._session, self._settings, exchange)
        error = attempt.run()
        details = attempt.details(self._redactor, chain, number, error)
        for hook in self._hooks:
            hook(details)
        if error is None:
            return Answer(attempt.status or 0, attempt.headers, attempt.body, attempt.data)
        if _is_harmless(error, exchange.method) and (error.retry_after or 0) > LONGEST_SLEEP_S:
            raise Parked(datetime.now(UTC) + timedelta(seconds=error.retry_after or 0), details.error)
        raise CallError(error.outcome, details.error, error.status, error.retry_after)

    @staticmethod
    def _wait_before_retry(error: Exception, method: str) -> bool | float:
        if not isinstance(error, CallError) or not _is_harmless(error, method):
            return False
        return True if error.retry_after is None else error.retry_after


def _is_harmless(error: CallError, method: str) -> bool:
    """Whether asking again, now or later, can do nothing twice and may help."""
    return error.outcome in NEVER_ARRIVED or (error.outcome in PERHAPS_ARRIVED and method in IDEMPOTENT)
