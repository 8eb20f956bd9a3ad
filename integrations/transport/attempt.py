"""One attempt at one request: sent, read within its bounds, judged."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import requests
from urllib3.exceptions import HTTPError

from integrations.transport import body, failures, quota, redirects
from integrations.transport.answer import Answer
from integrations.transport.auth import Auth
from integrations.transport.clock import Clock
from integrations.transport.codes import Code
from integrations.transport.connection import Connections
from integrations.transport.details import CallDetails, Said, Timings
from integrations.transport.errors import CallError
from integrations.transport.exchange import Exchange
from integrations.transport.redaction import Redactor
from integrations.transport.retry import UNSEEN
from integrations.transport.settings import Keep, Settings

KEEP = 64 * 1024
LONGEST_ERROR = 500
HEADERS = {"User-Agent": "django-operations-console/0.1", "Accept": "*/*", "Accept-Encoding": "gzip"}
REMOTE_ID_HEADERS = ("X-Request-Id", "X-GitHub-Request-Id", "X-Socrata-RequestId", "X-Amzn-Requestid", "CF-Ray")


@dataclass(frozen=True)
class Place:
    """Where an attempt stands among those at its request, and what it waited for; milliseconds."""

    chain: uuid.UUID
    number: int
    backoff_ms: float | None = None
    queue_ms: float | None = None


class Attempt:
    """Runs once. Afterwards `answer` holds what came, and `details` tells everything worth recording.

    Attributes:
        onward: what to ask next, where the answer is a redirect that is followed.
    """

    def __init__(self, connections: Connections, settings: Settings, exchange: Exchange, auth: Auth) -> None:
        self._connections = connections
        self._settings = settings
        self._exchange = exchange
        self._auth = auth
        self._started_at = datetime.now(UTC)
        self._clock = Clock(settings)
        self._timings = Timings()
        self._prepared: requests.PreparedRequest | None = None
        self.answer: Answer | None = None
        self.onward: Exchange | None = None

    def run(self) -> CallError | None:
        """Send, read and judge; the error to raise, or None for success."""
        try:
            self._prepared = self._prepare()
            with self._clock.running():
                self._send(self._prepared)
            error = self._judge()
        except CallError as failure:
            error = failure
        except (requests.RequestException, HTTPError, UnicodeError) as failure:
            error = failures.of_exception(failure, self._url, self._clock)
        self._timings = self._clock.timings()
        if error and error.code in UNSEEN and not self._exchange.repeatable:
            return CallError(Code.OUTCOME_UNKNOWN, f"{error} Whether it was carried out is unknown.")
        return error

    @property
    def _url(self) -> str:
        return (self._prepared.url if self._prepared else None) or self._exchange.url

    def _prepare(self) -> requests.PreparedRequest:
        exchange, content, guard = self._exchange, self._exchange.content, self._settings.guard
        if guard:
            guard.check_url(exchange.url)  # before requests mends it
        # Step by step: `prepare` would also look for cookies, and for a user and a password in the address.
        prepared = requests.PreparedRequest()
        prepared.prepare_method(exchange.method)
        prepared.prepare_url(exchange.full_url, None)
        prepared.prepare_headers({**HEADERS, **self._settings.headers, **content.get("headers", {})})
        prepared.prepare_body(content.get("form"), content.get("files"), content.get("payload"))
        prepared = self._auth(prepared)
        if guard:
            guard.check_url(prepared.url or "")
        if guard and exchange.came_from:
            redirects.strip(prepared)
        return prepared

    def _send(self, prepared: requests.PreparedRequest) -> None:
        with self._connections.send(prepared) as response:
            content = b""
            try:
                content = body.read(response, self._settings.max_bytes, self._url)
            finally:
                self._clock.lap("download")
                self.answer = Answer(response.status, response.headers, content, url=self._url)

    def _judge(self) -> CallError | None:
        assert self.answer is not None
        self.onward = redirects.onward(self._exchange, self.answer, anywhere=self._settings.guard is not None)
        error = None if self.onward else failures.of_status(self.answer, self._settings.meanings)
        if self._auth.is_dead(self.answer) and not (error and error.code is Code.AUTH_FAILED):
            return CallError(Code.AUTH_FAILED, f"It answered {self.answer.status}: the session is over.", self.answer)
        if error is None and not (self.onward or self._exchange.content.get("raw")):
            self.answer = replace(self.answer, data=failures.parsed(self.answer))
        return error

    def details(self, redactor: Redactor, place: Place, error: CallError | None) -> CallDetails:
        """Everything worth recording, redacted."""
        sent, answer = self._prepared, self.answer or Answer(0)
        request_body = _bytes_of(sent.body if sent else None)
        keep = self._settings.keep is Keep.ALWAYS or (self._settings.keep is Keep.FAILURES and error is not None)
        headers = answer.headers
        return CallDetails(
            operation=self._exchange.operation,
            method=self._exchange.method,
            url=redactor.url(self._url),
            status=self.answer.status if self.answer else None,
            code=error.code if error else Code.OK,
            error=redactor.text(str(error))[:LONGEST_ERROR] if error else "",
            chain=place.chain,
            attempt=place.number,
            started_at=self._started_at,
            timings=replace(self._timings, backoff=place.backoff_ms, queue=place.queue_ms),
            cache="revalidated" if answer.status == 304 else "",
            request_bytes=len(request_body),
            response_bytes=len(answer.body),
            remote_id=next((redactor.text(headers[h])[:200] for h in REMOTE_ID_HEADERS if h in headers), ""),
            request=said(redactor.sent_headers(sent.headers if sent else {}), request_body, redactor) if keep else None,
            response=said(redactor.headers(headers), answer.body, redactor) if keep else None,
            quota=quota.read(headers, self._started_at),
            retry_after=error.retry_after if error else None,
        )


def _bytes_of(body: object) -> bytes:
    if isinstance(body, str):
        return body.encode()
    return bytes(body) if isinstance(body, bytes | bytearray) else b""


def said(headers: Mapping[str, str], body: bytes, redactor: Redactor) -> Said:
    """What is kept of one side: the headers, redacted already, and the beginning of the body."""
    return Said(
        headers=headers,
        body=redactor.excerpt(body, KEEP),
        size=len(body),
        sha256=hashlib.sha256(body).hexdigest(),
        truncated=len(body) > KEEP,
    )


def unsent(exchange: Exchange, place: Place, refusal: CallError, redactor: Redactor) -> CallDetails:
    """An attempt that was kept back before anything was sent."""
    return CallDetails(
        operation=exchange.operation,
        method=exchange.method,
        url=redactor.url(exchange.url),
        code=refusal.code,
        error=redactor.text(str(refusal)),
        chain=place.chain,
        attempt=place.number,
        started_at=datetime.now(UTC),
    )
