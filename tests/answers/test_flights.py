"""A hundred callers at once are one request, in any number of processes, whatever comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection
from django.utils import timezone

from integrations import credentials, ops
from integrations.connections import transport_for
from integrations.models import CachedAnswer, Call, Service, ServiceState
from integrations.transport.cache import Cache
from integrations.transport.errors import Parked
from tests.answers.asking import HOUR, NEGATIVE, STAND_IN, ask, ask_at_once, cause, grow_old, process
from tests.flows.processes import seconds_until
from tests.transport.server import Reply, ScriptedServer

pytestmark = pytest.mark.django_db(transaction=True)

CALLERS = 100
SPARE_CONNECTIONS = 30  # of the database server, for whoever else uses it; of the rest half, for threads ask anew
SLOW = Reply(body=b"1", delay_s=1)
SOMEBODY = "00000000-0000-4000-8000-000000000000"
SECRET = "canary of the cache"


@pytest.fixture(autouse=True)
def _patient(service: Service) -> None:
    Service.objects.update(deadline_s=30)
    service.refresh_from_db()


@pytest.fixture
def someone_asking(service: Service, remote: ScriptedServer) -> Iterator[Thread]:
    """Another caller, to whom the remote has not answered yet."""
    remote.answers(SLOW)

    def caller() -> None:
        try:
            ask(service)
        finally:
            connection.close()

    thread = Thread(target=caller)
    thread.start()
    seconds_until(lambda: remote.asked, 30, "the other caller asks", every=0.02)
    yield thread
    thread.join()


@pytest.fixture
def callers(service: Service) -> int:
    """A hundred, or as many as the database server has connections for: each thread needs one."""
    if connection.vendor == "sqlite":
        return CALLERS
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('max_connections')::int - count(*) FROM pg_stat_activity")
        return int(min((cursor.fetchone()[0] - SPARE_CONNECTIONS) // 2, CALLERS)) // 4 * 4


def kinds() -> dict[str, int]:
    """How many calls were told by each part of the cache."""
    told = list(Call.objects.values_list("cache", flat=True))
    return {word: told.count(word) for word in set(told)}


def test_a_hundred_threads_make_one_call(service: Service, remote: ScriptedServer, callers: int) -> None:
    remote.answers(SLOW, Reply(body=b"2"))
    assert ask_at_once(service, callers) == ["1"] * callers
    assert len(remote.asked) == 1
    assert kinds() == {"": 1, "hit": callers - 1}
    assert CachedAnswer.objects.get().hits == callers - 1


def test_four_processes_make_one_call(service: Service, remote: ScriptedServer, callers: int) -> None:
    remote.answers(SLOW, Reply(body=b"2"))
    running = [process(service, callers // 4) for _ in range(4)]
    got = [line for each in running for line in each.communicate(timeout=120)[0].split()]
    assert [each.returncode for each in running] == [0] * 4
    assert got == ["1"] * callers
    assert len(remote.asked) == 1
    assert kinds() == {"": 1, "hit": callers - 1}


def test_an_answer_that_is_old_at_once_is_taken_by_all_who_waited(service: Service, remote: ScriptedServer) -> None:
    remote.answers(SLOW)
    assert ask_at_once(service, 10, Cache(ttl_s=0)) == ["1"] * 10
    assert len(remote.asked) == 1


@pytest.mark.parametrize(
    ("status", "headers", "code"),
    [
        (500, (), "server_error"),
        (401, (), "auth_failed"),
        (404, (), "not_found"),
        (429, (("Retry-After", "600"),), "parked"),
    ],
)
def test_all_who_waited_share_a_failure_and_the_next_one_asks_anew(
    service: Service,
    remote: ScriptedServer,
    callers: int,
    status: int,
    headers: tuple[tuple[str, str], ...],
    code: str,
) -> None:
    remote.answers(Reply(status, headers=headers, delay_s=2), Reply(body=b"2"))
    assert ask_at_once(service, callers) == [code] * callers
    assert len(remote.asked) == 1
    assert kinds() == {"": 1, "hit": callers - 1}
    ServiceState.objects.update(limited_until=None)  # as if the pause that was asked for were over
    assert ask(service).data == 2


def test_all_who_waited_are_told_that_there_is_no_such_thing(service: Service, remote: ScriptedServer) -> None:
    remote.answers(Reply(404, delay_s=2), Reply(body=b"2"))
    assert ask_at_once(service, 10, NEGATIVE) == ["not_found"] * 10
    assert len(remote.asked) == 1


def test_a_failing_service_is_stood_in_for_to_all_who_waited(service: Service, remote: ScriptedServer) -> None:
    remote.answers(Reply(body=b"1"), Reply(500, delay_s=2), Reply(body=b"2"))
    ask(service, STAND_IN)
    grow_old(3601)
    assert ask_at_once(service, 20, STAND_IN) == ["1"] * 20
    assert len(remote.asked) == 2
    assert kinds() == {"": 2, "stale": 20}


def test_what_must_not_be_kept_is_asked_by_each(service: Service, remote: ScriptedServer) -> None:
    credentials.store(service, "token", SECRET)
    remote.answers(Reply(body=f'"{SECRET}"'.encode(), delay_s=1))
    assert ask_at_once(service, 8) == [repr(SECRET)] * 8
    assert len(remote.asked) == 8


def test_a_caller_that_was_killed_is_replaced_when_its_hold_runs_out(service: Service, remote: ScriptedServer) -> None:
    remote.answers(Reply(delay_s=60), Reply(body=b"2"))
    victim = process(service, 1)
    try:
        seconds_until(lambda: remote.asked, 60, "the victim asks", every=0.05)
    finally:
        victim.kill()
        victim.communicate()
    row = CachedAnswer.objects.get()
    assert row.holder
    assert row.held_until <= timezone.now() + timedelta(seconds=5 + 30 + 15), "one attempt, and waiting before it"
    CachedAnswer.objects.update(held_until=timezone.now() + timedelta(seconds=1))
    assert ask_at_once(service, 5) == ["2"] * 5
    assert len(remote.asked) == 2


def test_a_caller_that_breaks_off_is_replaced_at_once(service: Service, remote: ScriptedServer) -> None:
    remote.answers(Reply(), Reply(body=b"2"))

    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), transport_for(service, cause(), interrupt) as transport:
        transport.get_json("look_up", "/thing", cache=HOUR)
    assert ask(service).data == 2


@pytest.mark.parametrize("cache", [HOUR, STAND_IN])
def test_a_long_wait_for_another_caller_parks_or_is_stood_in_for(
    service: Service, remote: ScriptedServer, cache: Cache
) -> None:
    service.deadline_s = 0.5
    remote.answers(Reply(body=b"1"))
    ask(service)
    grow_old(3601)
    CachedAnswer.objects.update(holder=SOMEBODY, held_until=timezone.now() + timedelta(hours=1))
    if cache is STAND_IN:
        assert ask(service, STAND_IN).as_of
    else:
        with pytest.raises(Parked, match="has not come yet") as parked:
            ask(service, HOUR)
        assert parked.value.until > timezone.now()
    assert len(remote.asked) == 1


def test_what_was_asked_before_a_purge_is_not_kept(
    service: Service, remote: ScriptedServer, someone_asking: Thread
) -> None:
    assert ops.purge_cache(service) == 0
    remote.script[:] = [Reply(body=b"2")]
    someone_asking.join()
    assert not CachedAnswer.objects.exists()
    assert ask(service).data == 2


def test_a_caller_that_was_taken_for_dead_keeps_nothing(
    service: Service, remote: ScriptedServer, someone_asking: Thread
) -> None:
    CachedAnswer.objects.update(held_until=timezone.now() - timedelta(seconds=1))
    remote.script[:] = [Reply(body=b"2")]
    assert ask(service).data == 2
    someone_asking.join()
    assert ask(service).data == 2
    assert len(remote.asked) == 2
