"""What a client declares of an answer that may be kept, and what a store of answers must be able to do."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from integrations.transport.answer import Answer
from integrations.transport.codes import Code
from integrations.transport.errors import CallError, Parked, TransportError

DAY_S = 24 * 3600.0


@dataclass(frozen=True)
class Cache:
    """Declared with a call: its answer may be kept. It is also the promise that the call changes nothing.

    The remote's own Cache-Control is not asked: frameworks send no-store or max-age=0 with everything they
    answer, whoever declares this has read what the vendor allows, and what is kept stays with the account
    that asked.

    Attributes:
        ttl_s: how long the answer is given without asking again.
        stale_if_error_s: how long after that it is given where the service fails.
        keep_not_found: that there is no such thing (404, 410) is kept as well, and raised again.
    """

    ttl_s: float
    stale_if_error_s: float = 0.0
    keep_not_found: bool = False

    def is_fresh(self, stored_at: datetime, now: datetime) -> bool:
        """Whether it is given without asking. A stamp of the future is that of a clock which was put back."""
        return abs((now - stored_at).total_seconds()) < self.ttl_s

    def is_usable(self, stored_at: datetime, now: datetime) -> bool:
        """Whether it is given where the service fails."""
        return abs((now - stored_at).total_seconds()) < self.ttl_s + self.stale_if_error_s

    def keep_s(self, answer: Answer) -> float:
        """How long it is worth its place; one that can be asked about is so a day beyond its time."""
        return self.ttl_s + max(self.stale_if_error_s, DAY_S if validators(answer) else 0.0)


def validators(answer: Answer) -> dict[str, str]:
    """The headers that ask whether this answer still holds (RFC 9110, section 13.1)."""
    pairs = (("ETag", "If-None-Match"), ("Last-Modified", "If-Modified-Since"))
    return {asks: answer.headers[says] for says, asks in pairs if says in answer.headers}


@dataclass(frozen=True)
class Failure:
    """What became of a request that others were waiting for; its text has been redacted.

    Attributes:
        until: where the wait was too long to sleep through, its end.
    """

    code: Code
    message: str
    until: datetime | None = None

    @classmethod
    def of(cls, error: CallError | Parked) -> Failure:
        """Of what was raised."""
        if isinstance(error, Parked):
            return cls(Code.RATE_LIMITED, str(error), error.until)
        return cls(error.code, str(error))

    def error(self) -> CallError | Parked:
        """What those who waited raise."""
        return Parked(self.until, self.message) if self.until else CallError(self.code, self.message)


@dataclass(frozen=True)
class Kept:
    """What a store holds on one question.

    Attributes:
        answer: the last one, and when it was last known to be true; None where there is none.
        failure: what the last caller came to instead; None where that is not known.
        ended_at: when the last caller was done; None while somebody is asking.
        version: another one after every change.
    """

    answer: Answer | None
    stored_at: datetime | None
    failure: Failure | None
    ended_at: datetime | None
    version: Any


class CacheUnavailable(TransportError):
    """The store cannot be reached; the call is made as if nothing had been declared."""


class AnswerStore(Protocol):
    """Where the answers of one service are kept, and who is asking is known, for all processes.

    Looking and claiming raise CacheUnavailable. The other verbs fail in silence, and do nothing unless
    the claim is still the newest: after a purge nothing that was asked before is kept.
    """

    def key(self, question: str) -> str:
        """A name for the question as asked by this account."""

    def read(self, key: str) -> Kept | None:
        """What there is; None where nobody has asked yet."""

    def is_asked(self, key: str) -> bool:
        """Whether somebody is asking at the moment."""

    def claim(self, key: str, operation: str, seen: Kept | None, hold_s: float) -> uuid.UUID | None:
        """Become the one who asks, for at most so long; None if anything changed since it was seen."""

    def keep(self, key: str, claim: uuid.UUID, answer: Answer, cache: Cache) -> None:
        """Keep the answer and let go."""

    def confirm(self, key: str, claim: uuid.UUID, answer: Answer, cache: Cache) -> None:
        """The answer that is kept still holds; let go."""

    def drop(self, key: str, claim: uuid.UUID, failure: Failure | None) -> None:
        """What is kept holds no more, and nothing can take its place; let go."""

    def release(self, key: str, claim: uuid.UUID, *, ended: bool) -> None:
        """Let go and leave what is kept.

        Args:
            ended: the service has failed; without it nothing is known and another should ask.
        """

    def count_hit(self, key: str) -> None:
        """The answer was given once more."""

    def close(self) -> None:
        """Nobody asks through this any more."""
