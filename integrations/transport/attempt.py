"""One attempt at one request: sent, read within its bounds, judged."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from integrations.transport.details import CallDetails, Outcome
from integrations.transport.errors import CallError
from integrations.transport.redaction import Redactor
from integrations.transport.waiting import retry_after

if TYPE_CHECKING:
    from integrations.transport.http import Settings

KEEP_CHARS = 64 * 1024
REMOTE_ID_HEADERS = ("X-Request-Id", "X-GitHub-Request-Id", "X-Socrata-RequestId", "X-Amzn-Requestid", "CF-Ray")


@dataclass(frozen=True)
class Exchange:
    """What to ask; the same for every attempt."""

    operation: str
    method: str
    url: str
    params: Mapping[str, Any] | None
    payload: Any


class Attempt:
    """Runs once. Afterwards `details` tells everything worth recording."""

    def __init__(self, session: requests.Session, settings: Settings, exchange: Exchange) -> None:
        self._session = session
        self._settings = settings
        self._exchange = exchange
        self._started = time.perf_counter()
        self._started_at = datetime.now(UTC)
        self._first_byte_ms: float | None = None
        self._duration_ms = 0.0
        self._prepared: requests.PreparedRequest | None = None
        self.status: int | None = None
        self.headers: Mapping[str, str] = {}
        self.body = b""
        self.data: Any = None

    def run(self) -> CallError | None:
        """Send, read and judge; the error to raise, or None for success."""
        try:
            self._send()
            self._judge()
        except CallError as error:
            return error
        except requests.RequestException as error:
            return _of_requests(error, self._settings.deadline_s)
        except HTTPError as error:  # urllib3's own, while the body is read
            return _of_body(error, self._settings.deadline_s)
        except UnicodeError:
            return CallError(Outcome.REJECTED, "A header or secret of the service holds characters HTTP cannot send.")
        finally:
            self._duration_ms = self._elapsed_ms()
        return None

    def _elapsed_ms(self) -> float:
        return (time.perf_counter() - self._started) * 1000

    def _send(self) -> None:
        exchange = self._exchange
        request = requests.Request(exchange.method, exchange.url, params=exchange.params, json=exchange.payload)
        self._prepared = self._session.prepare_request(request)
        timeouts = (self._settings.connect_timeout_s, self._settings.deadline_s)
        # Redirects are not followed: requests would drop some credentials on the way and keep others.
        response = self._session.send(self._prepared, stream=True, allow_redirects=False, timeout=timeouts)
        with response:
            self.status, self.headers = response.status_code, response.headers
            self._first_byte_ms = self._elapsed_ms()
            self._read(response)

    def _read(self, response: requests.Response) -> None:
        chunks, size = [], 0
        # read1 gives what has arrived; read would sit in a drip of single bytes until its buffer is full.
        while chunk := response.raw.read1(64 * 1024, decode_content=True):
            chunks.append(chunk)
            size += len(chunk)
            if size > self._settings.max_bytes:
                limit = self._settings.max_bytes // (1024 * 1024)
                raise CallError(Outcome.TOO_LARGE, f"The answer is larger than {limit} MiB.", self.status)
            if self._elapsed_ms() > self._settings.deadline_s * 1000:
                raise _timed_out(self._settings.deadline_s)
        self.body = b"".join(chunks)

    def _judge(self) -> None:
        status = self.status or 0
        if status >= 300:
            wait = retry_after(self.headers, datetime.now(UTC))
            raise CallError(_outcome_of(status, wait), f"It answered {status}{self._remark()}.", status, wait)
        self.data = _parse_json(self.body, self.headers.get("Content-Type", ""))

    def _remark(self) -> str:
        """What a JSON error body says in words; most vendors use one of these names."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return ""
        for name in ("message", "error_description", "detail", "error"):
            if isinstance(found, dict) and isinstance(found.get(name), str):
                return f": {found[name][:300].rstrip('.')}"
        return ""

    def details(self, redactor: Redactor, chain: uuid.UUID, number: int, error: CallError | None) -> CallDetails:
        """Everything worth recording, redacted."""
        sent = self._prepared
        body = sent.body if sent and sent.body else b""
        raw = body.encode() if isinstance(body, str) else bytes(body)
        return CallDetails(
            operation=self._exchange.operation,
            method=self._exchange.method,
            url=redactor.url((sent.url if sent else None) or self._exchange.url),
            status=self.status,
            outcome=error.outcome if error else Outcome.OK,
            error=redactor.text(str(error)) if error else "",
            attempt=number,
            chain=chain,
            started_at=self._started_at,
            duration_ms=self._duration_ms,
            first_byte_ms=self._first_byte_ms,
            request_bytes=len(raw),
            response_bytes=len(self.body),
            remote_id=next((redactor.text(self.headers[h])[:200] for h in REMOTE_ID_HEADERS if h in self.headers), ""),
            request_headers=redactor.headers(sent.headers if sent else {}),
            request_body=_readable(raw, redactor),
            response_headers=redactor.headers(self.headers),
            response_body=_readable(self.body, redactor),
        )


def _readable(body: bytes, redactor: Redactor) -> str:
    # Cut after redaction, so that no half of a secret is left at the edge.
    return redactor.text(body[: 2 * KEEP_CHARS].decode("utf-8", "replace"))[:KEEP_CHARS]


def _outcome_of(status: int, wait: float | None) -> Outcome:
    if status == 429 or (status in {403, 503} and wait is not None):
        return Outcome.RATE_LIMITED
    if status >= 500:
        return Outcome.SERVER_ERROR
    named = {401: Outcome.UNAUTHORIZED, 403: Outcome.UNAUTHORIZED, 404: Outcome.NOT_FOUND}
    return named.get(status, Outcome.REJECTED if status >= 400 else Outcome.REDIRECTED)


def _timed_out(deadline_s: float) -> CallError:
    return CallError(Outcome.TIMEOUT, f"No complete answer within {deadline_s:g} s.")


def _of_requests(error: requests.RequestException, deadline_s: float) -> CallError:
    if isinstance(error, requests.ConnectTimeout):
        return CallError(Outcome.UNREACHABLE, "No connection could be made in time.")
    if isinstance(error, requests.Timeout):
        return _timed_out(deadline_s)
    if isinstance(error, requests.exceptions.SSLError):
        return CallError(Outcome.UNREACHABLE, "Its TLS certificate is not valid for this address.")
    if isinstance(error, requests.ConnectionError):
        return _of_connection(error)
    return CallError(Outcome.REJECTED, f"The request could not be made: {error}.")


def _of_connection(error: requests.ConnectionError) -> CallError:
    text = str(error)
    if "NameResolutionError" in text:
        return CallError(Outcome.UNREACHABLE, "Its host name is not known.")
    if "NewConnectionError" in text:
        return CallError(Outcome.UNREACHABLE, "The connection was refused.")
    return CallError(Outcome.BROKEN, "The connection broke before an answer came.")


def _of_body(error: HTTPError, deadline_s: float) -> CallError:
    if isinstance(error, ReadTimeoutError):
        return _timed_out(deadline_s)
    return CallError(Outcome.BROKEN, "The connection broke in the middle of the answer.")


def _parse_json(body: bytes, content_type: str) -> Any:
    if not body.strip():
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        kind = content_type.partition(";")[0] or "an unnamed type"
        raise CallError(Outcome.BAD_ANSWER, f"The answer is not JSON (it says it is {kind}).") from error
