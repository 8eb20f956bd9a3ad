"""The one door to the network: one request, its attempts, each timed, bounded, redacted and reported."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self, Unpack

from integrations.transport.answer import Answer
from integrations.transport.attempt import Attempt, Place, unsent
from integrations.transport.auth import Auth
from integrations.transport.cache import AnswerStore, Cache
from integrations.transport.cached import CachedAsk
from integrations.transport.connection import Connections
from integrations.transport.details import CallDetails, Hook
from integrations.transport.errors import CallError
from integrations.transport.exchange import Content, Exchange
from integrations.transport.gate import Gate
from integrations.transport.origin import is_same_origin
from integrations.transport.redaction import Redactor
from integrations.transport.settings import Keep, Settings
from integrations.transport.tokens import Token
from integrations.transport.tries import Tries


class Transport:
    """Speaks to one service. Use it as a context manager, so that its connections are closed."""

    def __init__(
        self,
        settings: Settings,
        hooks: tuple[Hook, ...] = (),
        gate: Gate | None = None,
        answers: AnswerStore | None = None,
        auth: Auth | None = None,
    ) -> None:
        self._settings = settings
        self._hooks = hooks
        self._gate = gate or Gate()
        self._answers = answers
        self._auth = auth or Auth()
        self._redactor = Redactor(settings.secrets)
        self._connections = Connections(settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self._connections.close()
        self._redactor.blank(error)
        if self._answers:
            self._answers.close()

    @property
    def base_url(self) -> str:
        """Where the service is, as staff entered it."""
        return self._settings.base_url

    @property
    def redactor(self) -> Redactor:
        """Blanks every secret that is known here, also one that was obtained meanwhile."""
        return self._redactor

    def get_json(
        self, operation: str, path: str, params: Mapping[str, Any] | None = None, cache: Cache | None = None
    ) -> Any:
        """The parsed JSON answer of a GET; see `request`."""
        return self.request(operation, "GET", path, cache, params=params).data

    def request(
        self, operation: str, method: str, path: str, cache: Cache | None = None, **content: Unpack[Content]
    ) -> Answer:
        """One request, tried again where that does no harm.

        Args:
            operation: the client's name for it; figures are kept by it.
            path: joined to the base URL of the service; or a whole address, of the same scheme, host and port
                (a link to the next page), or of any where the settings have a guard.
            cache: how the answer may be kept; only for what changes nothing.

        Raises:
            CallError: it failed, and trying again would do harm or did not help.
            Parked: the remote asked for a wait of more than 10 seconds, or a limit of the service does.
        """
        chain = uuid.uuid4()
        exchange = Exchange(operation, method, self._url(path), content, reads_only=cache is not None)
        if self._settings.idempotency_header and not exchange.repeatable:
            headers = {**content.get("headers", {}), self._settings.idempotency_header: str(chain)}
            exchange = replace(exchange, content={**content, "headers": headers}, keyed=True)

        def ask(exchange: Exchange) -> Answer:
            return Tries(exchange, chain, self._settings.attempts, self._gate, self._revive).answer(self._attempt)

        if cache is None or self._answers is None:
            return ask(exchange)
        return CachedAsk(
            exchange, cache, self._answers, self._settings, chain, ask, self._report, lambda: self._redactor
        ).answer()

    def log_out(self, token: Token) -> None:
        """Give a token back, where that is possible. Whatever the remote answers, it is not used again.

        Raises:
            CallError: as `request`.
            Parked: as `request`.
        """
        if given := token.log_out:
            self._redactor = self._redactor.with_secrets(token.value)
            self._ask(Exchange("log_out", given.method, given.url, {"headers": given.headers, "raw": True}))

    def _url(self, path: str) -> str:
        if self._settings.guard or ("://" in path and is_same_origin(self._settings.base_url, path)):
            return path
        # Not urljoin: a path that looks like an address of its own would take the credentials there.
        return f"{self._settings.base_url.rstrip('/')}/{path.lstrip('/')}"

    def _attempt(self, exchange: Exchange, place: Place) -> Answer:
        """One signed attempt."""
        try:
            # Before it takes a place among the calls: what it may need for that is a call of its own.
            self._auth.ready(self._ask)
        except CallError as refusal:
            self._report(unsent(exchange, place, refusal, self._redactor))
            raise
        finally:
            self._learn()
        return self._make(exchange, place, self._settings, self._auth)

    def _ask(self, exchange: Exchange) -> Answer:
        """One attempt at what has to do with signing in: unsigned, and nothing that was said in it is ever kept."""
        return self._make(exchange, Place(uuid.uuid4(), 1), replace(self._settings, keep=Keep.NEVER), Auth())

    def _revive(self, error: CallError) -> bool:
        if error.answer is None or not self._auth.is_dead(error.answer):
            return False
        self._auth.drop()
        return True

    def _learn(self) -> None:
        if not set(self._auth.learnt) <= set(self._redactor.secrets):
            self._redactor = self._redactor.with_secrets(*self._auth.learnt)

    def _make(self, exchange: Exchange, place: Place, settings: Settings, auth: Auth) -> Answer:
        """One attempt, recorded whatever becomes of it."""
        try:
            with self._gate.passing() as queue_ms:
                attempt = Attempt(self._connections, settings, exchange, auth)
                error = attempt.run()
        except CallError as refusal:  # by the gate: nothing was sent
            self._report(unsent(exchange, place, refusal, self._redactor))
            raise
        details = attempt.details(self._redactor, replace(place, queue_ms=queue_ms or None), error)
        self._report(details)
        self._gate.settle(details)
        if error:
            raise CallError(error.code, details.error, attempt.answer, error.retry_after)
        if attempt.onward:
            return self._make(attempt.onward, replace(place, backoff_ms=None), settings, auth)
        assert attempt.answer is not None
        return attempt.answer

    def _report(self, details: CallDetails) -> None:
        for hook in self._hooks:
            hook(details)
