"""Eight who start the same stream at once, again and again: one run each time, and seven are told so."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django_q.models import OrmQ

from integrations import ops
from integrations.models import RunEvent, Service, Stream, SyncRun

STARTERS = 8


def start_each_round(stream: Stream, gate: Barrier, rounds: int) -> list[int | str]:
    """The number of the run that this starter began, or what it was told instead; for every round."""
    try:
        return [start(stream, gate) for _ in range(rounds)]
    finally:
        connection.close()


def start(stream: Stream, gate: Barrier) -> int | str:
    connection.ensure_connection()
    gate.wait()
    try:
        said: int | str = ops.sync(stream, SyncRun.Trigger.STAFF).pk
    except ops.Impossible as reason:
        said = str(reason)
    if gate.wait() == 0:  # one of them clears the way for the next round
        ops.cancel(SyncRun.objects.get(state__in=SyncRun.ACTIVE))
    return said


@pytest.mark.parametrize("rounds", [10, pytest.param(100, marks=pytest.mark.slow)])
@pytest.mark.django_db(transaction=True)
def test_of_eight_that_start_at_once_one_begins_and_seven_are_told_so(cms: Service, rounds: int) -> None:
    stream, gate = cms.streams.get(), Barrier(STARTERS, timeout=60)
    with ThreadPoolExecutor(STARTERS) as pool:
        said = list(pool.map(lambda _: start_each_round(stream, gate, rounds), range(STARTERS)))
    told = f"{stream} is already being synced. Wait for that run to end."
    for answers in zip(*said, strict=True):
        begun = [each for each in answers if isinstance(each, int)]
        assert (len(begun), list(answers).count(told)) == (1, STARTERS - 1)
    assert SyncRun.objects.count() == OrmQ.objects.count() == rounds
    asked = RunEvent.objects.filter(kind=RunEvent.Kind.ASKED).values_list("run", flat=True)
    assert sorted(asked) == sorted(SyncRun.objects.values_list("pk", flat=True))
