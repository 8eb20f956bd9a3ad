"""Verbs of the error inbox: try chosen items again, skip them for ever, count them again."""

from __future__ import annotations

from functools import partial

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone

from integrations.models import RecordError, Stream
from integrations.ops.bells import Impossible, by_name
from integrations.ops.runs import Outcome, begin_again, each
from integrations.sync import plan

MOST_CHOSEN = 500

State = RecordError.State


def retry_errors(errors: QuerySet[RecordError], actor: User | None = None) -> Outcome:
    """Start a run for each stream of these items that writes them and nothing else.

    Raises:
        Impossible: none of them is open, or they are too many.
    """
    waiting = _bounded(errors, State.OPEN, "Only open items can be retried; press “Count again” at skipped ones first.")
    streams = Stream.objects.select_related("service").filter(pk__in=waiting.values("stream"))
    plans = [plan.items(stream, waiting.filter(stream=stream)) for stream in streams]
    return each(partial(begin_again, run, actor) for run in plans)


def skip_errors(errors: QuerySet[RecordError], reason: str, actor: User | None = None) -> int:
    """Let no run count these items as failed any more, also when they change; how many there were.

    Raises:
        Impossible: none of them is open, or they are too many.
    """
    waiting = _bounded(errors, State.OPEN, "Only open items can be skipped.")
    return _decide(waiting, State.SKIPPED, reason, actor)


def count_errors_again(errors: QuerySet[RecordError], actor: User | None = None) -> int:
    """The way back from skipping; how many there were.

    Raises:
        Impossible: none of them is skipped, or they are too many.
    """
    skipped = _bounded(errors, State.SKIPPED, "Only skipped items can be counted again.")
    return _decide(skipped, State.OPEN, "Counted again.", actor)


def _bounded(errors: QuerySet[RecordError], state: str, otherwise: str) -> QuerySet[RecordError]:
    found = errors.order_by().filter(state=state)
    count = found.count()
    if not count:
        raise Impossible(otherwise)
    if count > MOST_CHOSEN:
        raise Impossible(f"{count:,} items are too many at once. Choose up to {MOST_CHOSEN:,}, or sync everything.")
    return found


def _decide(errors: QuerySet[RecordError], state: str, reason: str, actor: User | None) -> int:
    decided = {"decided_by": by_name(actor), "decided_at": timezone.now(), "decision": reason}
    return errors.update(state=state, **decided)
