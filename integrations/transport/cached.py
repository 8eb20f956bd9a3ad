"""One request whose answer may be kept: given from the store, or asked once for all who want it."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from integrations.transport import failures, keeping, waiting
from integrations.transport.answer import Answer
from integrations.transport.cache import AnswerStore, Cache, CacheUnavailable, Failure, Kept, validators
from integrations.transport.codes import Code, Outcome
from integrations.transport.details import CallDetails, Hook, Timings
from integrations.transport.errors import CallError, Parked
from integrations.transport.exchange import Exchange
from integrations.transport.redaction import Redactor
from integrations.transport.settings import Settings

OUTAGES = frozenset({Outcome.FAILED, Outcome.LIMITED})
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 0.5


@dataclass
class CachedAsk:
    """Runs once.

    A caller that finds another one asking waits for it and takes what came, be it an answer or a failure,
    so that a hundred at once are one request. A caller that died is replaced when its hold has run out.

    Attributes:
        chain: of the attempts.
        ask: makes the request, with all its attempts.
        redactor: read anew each time: a token that was obtained while asking must not be kept either.
    """

    exchange: Exchange
    cache: Cache
    store: AnswerStore
    settings: Settings
    chain: uuid.UUID
    ask: Callable[[Exchange], Answer]
    report: Hook
    redactor: Callable[[], Redactor]

    def __post_init__(self) -> None:
        self._since = datetime.now(UTC)
        self._began = time.perf_counter()
        self._key = self.store.key(keeping.question(self.exchange))

    def answer(self) -> Answer:
        """The answer, kept or new.

        Raises:
            CallError, Parked: as the request would, or as it did for another caller a moment ago.
        """
        try:
            while True:
                kept = self.store.read(self._key)
                if kept and (settled := self._settled(kept)):
                    return settled
                if kept and kept.ended_at is None:
                    if not self._waited():
                        return self._impatient(kept)
                elif claim := self.store.claim(self._key, self.exchange.operation, kept, self._hold_s):
                    break
        except CacheUnavailable:
            return self.ask(self.exchange)
        return self._fly(claim, kept)

    @property
    def _hold_s(self) -> float:
        """What one attempt may take, and waiting before it for a limit; a second one rarely takes as long."""
        return self.settings.connect_timeout_s + self.settings.deadline_s + 1.5 * waiting.LONGEST_SLEEP_S

    def _settled(self, kept: Kept) -> Answer | None:
        """What can be said without asking for others; None if it is time to wait or to claim."""
        if given := self._fresh(kept):
            return given
        if kept.ended_at is None or kept.ended_at < self._since:
            return None
        # Somebody was asking while we wanted to know, and left nothing fresh.
        if stale := self._stale(kept):
            return stale
        if kept.failure:
            self._tell("hit", kept.failure.code, error=kept.failure.message)
            raise kept.failure.error()
        return self.ask(self.exchange)  # what came must not be kept: everybody asks for themselves

    def _fresh(self, kept: Kept) -> Answer | None:
        """What is kept, if it is young enough or came while we were waiting."""
        if kept.answer is None or kept.stored_at is None:
            return None
        if kept.stored_at < self._since and not self.cache.is_fresh(kept.stored_at, datetime.now(UTC)):
            return None
        if kept.answer.status < 300:
            return self._given("hit", kept.answer)
        if self.cache.keep_not_found and (error := failures.of_status(kept.answer, self.settings.meanings)):
            message = self.redactor().text(str(error))
            self._tell("hit", error.code, kept.answer, message)
            self.store.count_hit(self._key)
            raise CallError(error.code, message, keeping.loaded(kept.answer, self.exchange))
        return None

    def _stale(self, kept: Kept | None) -> Answer | None:
        """What is kept, if it may stand in for a service that fails. That nothing was there may not."""
        if kept is None or kept.answer is None or kept.stored_at is None or kept.answer.status >= 300:
            return None
        if not self.cache.is_usable(kept.stored_at, datetime.now(UTC)):
            return None
        return replace(self._given("stale", kept.answer), as_of=kept.stored_at)

    def _waited(self) -> bool:
        """Wait until nobody is asking any more; False if that takes longer than an answer may."""
        pause_s = SHORTEST_PAUSE_S
        while self.store.is_asked(self._key):
            if time.perf_counter() - self._began > self.settings.deadline_s:
                return False
            # Random, so that those who wait do not look all at once.
            waiting.sleep(random.uniform(pause_s / 2, pause_s))  # noqa: S311 - spreads load, hides nothing
            pause_s = min(1.5 * pause_s, LONGEST_PAUSE_S)
        return True

    def _impatient(self, kept: Kept) -> Answer:
        if stale := self._stale(kept):
            return stale
        until = datetime.now(UTC) + timedelta(seconds=waiting.LONGEST_SLEEP_S)
        raise Parked(until, "The same was asked a moment ago, and the answer has not come yet.")

    def _fly(self, claim: uuid.UUID, kept: Kept | None) -> Answer:
        """Ask for all who wait, and tell them what came."""
        known = kept.answer if kept and kept.answer and kept.answer.status < 300 else None
        try:
            answer = self.ask(self._conditional(known))
        except (CallError, Parked) as error:
            if stale := self._failed(claim, kept, error):
                return stale
            raise
        except BaseException:
            self.store.release(self._key, claim, ended=False)
            raise
        if answer.status == 304 and known:
            self.store.confirm(self._key, claim, known, self.cache)
            return keeping.loaded(known, self.exchange)
        self._keep(claim, answer)
        return answer

    def _conditional(self, known: Answer | None) -> Exchange:
        if known is None or not (asks := validators(known)):
            return self.exchange
        content = self.exchange.content
        return replace(self.exchange, content={**content, "headers": {**content.get("headers", {}), **asks}})

    def _failed(self, claim: uuid.UUID, kept: Kept | None, error: CallError | Parked) -> Answer | None:
        """What stands in for the answer; None if nothing does."""
        if isinstance(error, CallError) and error.code is Code.NOT_FOUND and error.answer and self.cache.keep_not_found:
            self._keep(claim, error.answer)
            return None
        self._began = time.perf_counter()  # what the attempts took is told in their own rows
        if _is_outage(error) and (stale := self._stale(kept)):
            self.store.release(self._key, claim, ended=True)
            return stale
        self.store.drop(self._key, claim, Failure.of(error))
        return None

    def _keep(self, claim: uuid.UUID, answer: Answer) -> None:
        if keepable := keeping.keepable(answer, self.redactor()):
            self.store.keep(self._key, claim, keepable, self.cache)
        else:
            self.store.drop(self._key, claim, None)

    def _given(self, word: str, kept: Answer) -> Answer:
        answer = keeping.loaded(kept, self.exchange)
        self._tell(word, Code.OK, kept)
        self.store.count_hit(self._key)
        return answer

    def _tell(self, word: str, code: Code, answer: Answer | None = None, error: str = "") -> None:
        """Report what was done without the network."""
        took_ms = (time.perf_counter() - self._began) * 1000
        self.report(
            CallDetails(
                operation=self.exchange.operation,
                method=self.exchange.method,
                url=self.redactor().url(self.exchange.full_url),
                status=answer.status if answer else None,
                code=code,
                error=error,
                chain=self.chain,
                started_at=datetime.now(UTC) - timedelta(milliseconds=took_ms),
                timings=Timings(total=took_ms),
                cache=word,
                response_bytes=len(answer.body) if answer else 0,
            )
        )


def _is_outage(error: CallError | Parked) -> bool:
    """Whether the service cannot answer now, as opposed to having answered something we do not like."""
    return isinstance(error, Parked) or error.code.outcome in OUTAGES or error.code is Code.CIRCUIT_OPEN
