from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from integrations import heartbeat, leases
from integrations.models import WorkerHeartbeat

pytestmark = pytest.mark.django_db
RECENTLY, LONG_AGO = timedelta(seconds=5), timedelta(seconds=30)


def row(beat: timedelta | None, asked: timedelta | None) -> None:
    now = timezone.now()
    WorkerHeartbeat.objects.create(
        name=leases.QUEUE_NAME,
        beat_at=now - beat if beat else None,
        asked_at=now - asked if asked else None,
    )


@pytest.mark.parametrize(("beat", "asked"), [(None, None), (LONG_AGO, None), (LONG_AGO, LONG_AGO), (None, LONG_AGO)])
def test_asks_a_silent_queue_once(beat: timedelta | None, asked: timedelta | None) -> None:
    row(beat, asked)
    heartbeat.ask_if_silent()
    heartbeat.ask_if_silent()
    assert OrmQ.objects.count() == 1


@pytest.mark.parametrize(("beat", "asked"), [(RECENTLY, None), (LONG_AGO, RECENTLY), (RECENTLY, LONG_AGO)])
def test_does_not_ask_where_an_answer_came_or_may_still_come(beat: timedelta | None, asked: timedelta | None) -> None:
    row(beat, asked)
    heartbeat.ask_if_silent()
    assert not OrmQ.objects.exists()


def test_questions_do_not_pile_up_while_nobody_takes_them() -> None:
    row(LONG_AGO, None)
    for _ in range(5):
        heartbeat.ask_if_silent()
        WorkerHeartbeat.objects.update(asked_at=timezone.now() - LONG_AGO)
    assert OrmQ.objects.count() == 1


def test_counts_restarts_and_keeps_the_last_sign_of_life() -> None:
    leases.beat()
    heard = heartbeat.last()
    for restart in (False, True, True):
        heartbeat.note_start(restart=restart)
    assert WorkerHeartbeat.objects.get().restarts == 2
    assert heartbeat.last() == heard
