"""The values that leave the transport: everything worth recording of one attempt."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from integrations.transport.codes import Code, Outcome
from integrations.transport.quota import Quota


@dataclass(frozen=True)
class Timings:
    """Where the time of one attempt went: milliseconds, None for a phase that did not happen.

    Attributes:
        backoff: waited before this attempt because the one before failed; not part of `total`.
        queue: waited for a limit of the service; not part of `total`.
        dns, connect, tls: of a new connection; a connection that is used again has none of them.
        first_byte: from the end of the above to the first byte of the answer.
        download: from the first byte to the last.
        total: from the moment the attempt was allowed to begin to its end.
    """

    total: float = 0.0
    backoff: float | None = None
    queue: float | None = None
    dns: float | None = None
    connect: float | None = None
    tls: float | None = None
    first_byte: float | None = None
    download: float | None = None


@dataclass(frozen=True)
class Said:
    """What one side said, redacted and cut.

    Attributes:
        body: the first 64 KiB as text.
        size: bytes of the whole body; `sha256` is of all of them, in hexadecimal.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    size: int = 0
    sha256: str = ""
    truncated: bool = False


@dataclass(frozen=True)
class CallDetails:
    """One finished attempt. Every text in it has been redacted.

    Attributes:
        status: HTTP status; None where no answer came.
        error: a sentence for staff; empty for success.
        attempt: 1 for the first; `chain` is the same for all attempts at one request.
        cache: how the cache took part: empty, "hit", "stale" or "revalidated".
        request_bytes, response_bytes: sizes of the bodies.
        request, response: what was said, where the service keeps that; None otherwise.
        quota: what the answer says is left; None where it does not say.
        retry_after: seconds the remote asked us to wait; None where it did not say.
    """

    operation: str
    method: str
    url: str
    code: Code
    chain: uuid.UUID
    started_at: datetime
    status: int | None = None
    error: str = ""
    attempt: int = 1
    timings: Timings = Timings()
    cache: str = ""
    request_bytes: int = 0
    response_bytes: int = 0
    remote_id: str = ""
    request: Said | None = None
    response: Said | None = None
    quota: Quota | None = None
    retry_after: float | None = None

    @property
    def outcome(self) -> Outcome:
        """The class of its code."""
        return self.code.outcome


Hook = Callable[[CallDetails], None]
