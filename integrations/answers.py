"""The store behind `Cache`: answers of one service in a table, shared by all processes.

Looking is one query by a unique index. Who asks is settled by conditional statements; nobody waits inside
a transaction. A row with a status holds an answer; one without tells in `headers` what the last caller
came to instead. `holder` is who asks until `held_until`; without a holder the latter is when that ended.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import Error, connection
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac

from integrations.models import CachedAnswer, Service
from integrations.transport.answer import Answer
from integrations.transport.cache import Cache, CacheUnavailable, Failure, Kept
from integrations.transport.codes import Code

NOBODY_KNOWS = datetime(1970, 1, 1, tzinfo=UTC)  # when a caller ended that said nothing
FAILURE_IS_TOLD_FOR = timedelta(minutes=1)  # those who wait look every half second
MOST_UNCOUNTED = 500

logger = logging.getLogger(__name__)


@contextmanager
def _failing_softly() -> Iterator[None]:
    """A failing database fails no call."""
    try:
        yield
    except Error as error:
        connection.close_if_unusable_or_obsolete()
        logger.warning("the cache of answers failed: %s", type(error).__name__)


class ServiceAnswers:
    """An AnswerStore for one service and the account it is asked with.

    Args:
        secrets: by field, private keys among them.
        headers: sent with every request.
    """

    def __init__(self, service: Service, secrets: Mapping[str, str], headers: Mapping[str, str]) -> None:
        self._service = service
        # With other credentials or options the same question is another one.
        self._account = json.dumps([dict(secrets), dict(headers), service.options], sort_keys=True, default=repr)
        self._hits: Counter[str] = Counter()

    def key(self, question: str) -> str:
        """Keyed with SECRET_KEY, so that nobody can try out secrets against it."""
        return salted_hmac("integrations.answers", f"{self._account}\n{question}", algorithm="sha256").hexdigest()

    def _rows(self, key: str) -> QuerySet[CachedAnswer]:
        return CachedAnswer.objects.filter(service=self._service, key=key)

    def read(self, key: str) -> Kept | None:
        """What there is; one query."""
        try:
            row = self._rows(key).only("status", "headers", "body", "stored_at", "holder", "held_until").get()
        except CachedAnswer.DoesNotExist:
            return None
        except Error as error:
            raise CacheUnavailable(type(error).__name__) from error
        return Kept(
            answer=Answer(row.status, row.headers, bytes(row.body)) if row.status else None,
            stored_at=row.stored_at,
            failure=_failure(row.headers) if not row.status and row.headers else None,
            ended_at=_ended_at(row),
            version=(row.holder, row.held_until),
        )

    def is_asked(self, key: str) -> bool:
        """Whether somebody holds the row; reads no body."""
        try:
            return self._rows(key).filter(holder__isnull=False, held_until__gt=timezone.now()).exists()
        except Error as error:
            raise CacheUnavailable(type(error).__name__) from error

    def claim(self, key: str, operation: str, seen: Kept | None, hold_s: float) -> uuid.UUID | None:
        """One conditional statement for a row that is there; one more for one that is not."""
        mine, until = uuid.uuid4(), timezone.now() + timedelta(seconds=hold_s)
        try:
            if seen:
                holder, held_until = seen.version
                same = self._rows(key).filter(holder=holder, held_until=held_until)
                return mine if same.update(holder=mine, held_until=until) else None
            row = CachedAnswer(service=self._service, key=key, operation=operation, holder=mine, held_until=until)
            CachedAnswer.objects.bulk_create([row], ignore_conflicts=True)
            return mine if self._rows(key).filter(holder=mine).exists() else None
        except Error as error:
            raise CacheUnavailable(type(error).__name__) from error

    def keep(self, key: str, claim: uuid.UUID, answer: Answer, cache: Cache) -> None:
        """Store the answer."""
        said = {"status": answer.status, "headers": dict(answer.headers), "body": answer.body}
        self._let_go(key, claim, **said, **_stamps(answer, cache))

    def confirm(self, key: str, claim: uuid.UUID, answer: Answer, cache: Cache) -> None:
        """Renew its stamps; the body is not written again."""
        self._let_go(key, claim, **_stamps(answer, cache))

    def drop(self, key: str, claim: uuid.UUID, failure: Failure | None) -> None:
        """Leave the failure, for those who wait, or nothing."""
        until = timezone.now() + FAILURE_IS_TOLD_FOR
        nothing = {"status": None, "body": b"", "stored_at": None, "fresh_until": None, "usable_until": until}
        self._let_go(key, claim, headers=_told(failure) if failure else {}, **nothing)

    def release(self, key: str, claim: uuid.UUID, *, ended: bool) -> None:
        """Leave what is there."""
        self._let_go(key, claim, held_until=timezone.now() if ended else NOBODY_KNOWS)

    def _let_go(self, key: str, claim: uuid.UUID, **values: Any) -> None:
        values.setdefault("held_until", timezone.now())
        with _failing_softly():
            self._rows(key).filter(holder=claim).update(holder=None, **values)

    def count_hit(self, key: str) -> None:
        """Counted together with others, so that a hit costs one query and not two; the call log has each."""
        self._hits[key] += 1
        if len(self._hits) >= MOST_UNCOUNTED:
            self.close()

    def close(self) -> None:
        """Write the hits that were not counted yet."""
        by_number = defaultdict(list)
        for key, number in self._hits.items():
            by_number[number].append(key)
        self._hits.clear()
        with _failing_softly():
            for number, keys in by_number.items():
                CachedAnswer.objects.filter(service=self._service, key__in=keys).update(hits=F("hits") + number)


def _stamps(answer: Answer, cache: Cache) -> dict[str, datetime]:
    now = timezone.now()
    return {
        "stored_at": now,
        "fresh_until": now + timedelta(seconds=cache.ttl_s),
        "usable_until": now + timedelta(seconds=cache.keep_s(answer)),
    }


def _ended_at(row: CachedAnswer) -> datetime | None:
    if row.holder is None:
        return row.held_until
    return None if row.held_until > timezone.now() else NOBODY_KNOWS


def _told(failure: Failure) -> dict[str, str]:
    until = {"until": failure.until.isoformat()} if failure.until else {}
    return {"code": failure.code, "message": failure.message, **until}


def _failure(told: dict[str, str]) -> Failure:
    until = datetime.fromisoformat(told["until"]) if "until" in told else None
    return Failure(Code(told["code"]), told["message"], until)
