"""What an attempt passes before it is made, over a real socket."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from integrations import ops
from integrations.connections import client_for
from integrations.gates import ServiceGate, limits_of
from integrations.models import Call, CallSlot, LimitClock, Service, ServiceState
from integrations.systems.base import System
from integrations.transport.breaker import PROBE_EVERY, Position
from integrations.transport.codes import Code, Outcome
from integrations.transport.errors import Parked
from integrations.transport.limits import Limits
from tests.calling import LIST, ask, ask_in_vain, cause, details, recorded, seconds_until, state
from tests.transport.server import Reply, ScriptedServer

NO_LIMITS = Limits()


def test_a_service_says_its_limits_or_its_system_does(cms: Service) -> None:
    vendor = System("slug", "Label", "", limits=Limits(per_second=1, concurrency=4))
    cms.per_second, cms.per_hour = 5, 100
    assert limits_of(cms, vendor) == Limits(per_second=5, per_hour=100, concurrency=4)


def test_without_limits_success_costs_one_query_a_second(
    cms: Service, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    gate = ServiceGate(cms, NO_LIMITS)
    with django_assert_num_queries(1), gate.passing() as waited_ms:
        assert waited_ms == 0
    with django_assert_num_queries(0):
        for _ in range(100):
            gate.settle(details())
            gate.settle(details(Code.NOT_FOUND))
            with gate.passing():
                pass
    gate._stale_at = 0
    with django_assert_num_queries(1), gate.passing():
        pass


@pytest.mark.parametrize("code", [Code.SERVER_ERROR, Code.RATE_LIMITED, Code.OUTCOME_UNKNOWN])
def test_after_anything_but_success_the_circuit_is_looked_at_anew(
    cms: Service, django_assert_num_queries: DjangoAssertNumQueries, code: Code
) -> None:
    gate = ServiceGate(cms, NO_LIMITS)
    with gate.passing():
        pass
    gate.settle(details(code))
    with django_assert_num_queries(1), gate.passing():
        pass


def test_an_outage_opens_the_circuit_and_then_nothing_is_sent(calling: Service, remote: ScriptedServer) -> None:
    remote.answers(Reply(500))
    errors = [ask_in_vain(calling, attempts=1) for _ in range(20)]
    assert len(remote.asked) == 10
    assert [error.code for error in errors] == [Code.SERVER_ERROR] * 10 + [Code.CIRCUIT_OPEN] * 10
    unsent = Call.objects.filter(outcome=Outcome.NOT_SENT)
    assert {(call.code, call.error) for call in unsent} == {(Code.CIRCUIT_OPEN, str(errors[-1]))}


def test_the_failure_that_opens_the_circuit_is_not_tried_again_but_told(
    calling: Service, remote: ScriptedServer
) -> None:
    recorded(calling, Outcome.FAILED, 9)
    remote.answers(Reply(500))
    assert ask_in_vain(calling).code is Code.SERVER_ERROR
    assert len(remote.asked) == 1


@pytest.mark.parametrize("reply", [Reply(404), Reply(401), Reply(429)])
def test_answers_that_are_not_its_own_fault_never_open_the_circuit(
    calling: Service, remote: ScriptedServer, reply: Reply
) -> None:
    remote.answers(reply)
    for _ in range(30):
        ask_in_vain(calling, attempts=1)
    assert (len(remote.asked), state().circuit) == (30, Position.CLOSED)


def test_when_it_works_again_one_probe_closes_the_circuit(calling: Service, remote: ScriptedServer) -> None:
    remote.answers(*[Reply(500)] * 10, LIST)
    for _ in range(11):
        ask_in_vain(calling, attempts=1)
    ServiceState.objects.update(circuit_probe_at=timezone.now())
    ask(calling)
    ask(calling)
    assert (len(remote.asked), state().circuit) == (12, Position.CLOSED)


def test_a_probe_that_fails_is_alone(calling: Service, remote: ScriptedServer) -> None:
    remote.answers(Reply(500))
    for _ in range(11):
        ask_in_vain(calling, attempts=1)
    ServiceState.objects.update(circuit_probe_at=timezone.now())
    assert [ask_in_vain(calling).code for _ in range(3)] == [Code.SERVER_ERROR, Code.CIRCUIT_OPEN, Code.CIRCUIT_OPEN]
    assert len(remote.asked) == 11
    assert 10 < seconds_until("circuit_probe_at") <= PROBE_EVERY.total_seconds()


def test_a_circuit_that_is_held_open_refuses_at_once_although_a_limit_is_used_up(
    calling: Service, remote: ScriptedServer
) -> None:
    remote.answers(LIST)
    calling.per_day = 1
    ask(calling)
    ops.hold_circuit_open(calling)
    assert ask_in_vain(calling).code is Code.CIRCUIT_OPEN
    ops.close_circuit(calling)
    with pytest.raises(Parked):
        ask(calling)


def test_a_place_is_held_during_the_call_alone_and_left_when_it_is_refused(calling: Service) -> None:
    calling.concurrency, calling.per_second = 2, 1
    gate = ServiceGate(calling, limits_of(calling, System("slug", "Label", "")))
    taken = CallSlot.objects.filter(until__gt=timezone.now())
    with gate.passing():
        assert taken.count() == 1
    assert not taken.filter(until__gt=timezone.now()).exists()
    LimitClock.objects.update(due={"1/second": timezone.now().timestamp() + 10.9})
    with pytest.raises(Parked), gate.passing():
        pass
    assert CallSlot.objects.count() == 1
    assert not taken.filter(until__gt=timezone.now()).exists()


@contextmanager
def broken(table: str) -> Iterator[None]:
    """As if the database failed wherever this table is needed."""

    def refuse(execute: Any, sql: str, *args: Any) -> Any:
        return execute(sql.replace(f'"{table}"', '"no_such_table"'), *args)

    with connection.execute_wrapper(refuse):
        yield


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("table", ["servicestate", "limitclock", "callslot", "call"])
def test_a_database_that_fails_stops_no_call_and_is_told_once(
    calling: Service, remote: ScriptedServer, caplog: pytest.LogCaptureFixture, table: str
) -> None:
    calling.per_second, calling.concurrency = 100, 2
    remote.answers(Reply(500), LIST)
    caplog.set_level(logging.ERROR, "integrations.gates")
    with broken(f"integrations_{table}"), client_for(calling, cause()) as client:
        client.check_health()
        client.check_health()
    assert len(remote.asked) == 3
    assert [line for line in caplog.messages if "are not kept" in line][1:] == []
    assert "limits and circuit of service=cms are not kept" in caplog.text
