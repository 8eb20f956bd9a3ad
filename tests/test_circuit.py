"""The circuit in the database: of any number of processes one makes each transition."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from integrations import circuit, ops
from integrations.models import Incident, Service, ServiceState
from integrations.transport.breaker import PROBE_EVERY, Circuit, Position
from integrations.transport.codes import Code, Outcome
from integrations.transport.errors import CallError
from tests.calling import at_once, recorded

LONG_AGO = timedelta(hours=1)


def state() -> ServiceState:
    return ServiceState.objects.get()


def seen() -> Circuit:
    return circuit.of(state())


def fail(service: Service, now: datetime) -> None:
    circuit.Breaker(service).settle(Outcome.FAILED, now)


def open_circuit(service: Service, now: datetime | None = None) -> None:
    """Ten failures in a row."""
    at = now or timezone.now()
    recorded(service, Outcome.FAILED, 10, at)
    fail(service, at)
    assert state().circuit == Position.OPEN


def test_the_row_knows_the_positions_the_breaker_knows() -> None:
    assert set(ServiceState.Circuit.values) == set(Position)


def test_opening_says_why_and_makes_the_health_check_the_probe(cms: Service) -> None:
    now = timezone.now()
    open_circuit(cms, now)
    found = state()
    assert (found.circuit_since, found.circuit_reason) == (now, "10 calls in a row failed.")
    assert found.circuit_probe_at == found.next_check_at == now + PROBE_EVERY
    incident = Incident.objects.get()
    assert (incident.kind, incident.code, incident.message) == ("circuit", Code.CIRCUIT_OPEN, found.circuit_reason)


@pytest.mark.parametrize("outcome", [Outcome.OK, Outcome.REJECTED])
def test_a_probe_that_succeeds_closes_it_and_its_incident(cms: Service, outcome: Outcome) -> None:
    now = timezone.now()
    open_circuit(cms, now - PROBE_EVERY)
    probe = circuit.Breaker(cms)
    probe.admit(seen(), now)
    assert state().circuit == Position.HALF_OPEN
    probe.settle(outcome, now)
    assert seen() == Circuit(since=now)
    assert Incident.objects.get().state == Incident.State.RESOLVED


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.UNKNOWN, Outcome.LIMITED, Outcome.NOT_SENT])
def test_a_probe_that_does_not_succeed_leaves_it_open_until_the_next(cms: Service, outcome: Outcome) -> None:
    now = timezone.now()
    open_circuit(cms, now - PROBE_EVERY)
    probe = circuit.Breaker(cms)
    probe.admit(seen(), now)
    probe.settle(outcome, now + timedelta(seconds=1))
    found = state()
    assert (found.circuit, found.circuit_since) == (Position.OPEN, now - PROBE_EVERY)
    assert found.circuit_probe_at == found.next_check_at == now + PROBE_EVERY
    assert Incident.objects.get().count == 1


def test_a_slow_probe_that_succeeds_closes_it_although_another_is_under_way(cms: Service) -> None:
    now = timezone.now()
    open_circuit(cms, now - PROBE_EVERY)
    slow, other = circuit.Breaker(cms), circuit.Breaker(cms)
    slow.admit(seen(), now)
    other.admit(seen(), now + PROBE_EVERY)
    slow.settle(Outcome.OK, now + PROBE_EVERY)
    assert state().circuit == Position.CLOSED
    other.settle(Outcome.FAILED, now + PROBE_EVERY)
    assert state().circuit == Position.CLOSED


@pytest.mark.parametrize("outcome", [Outcome.OK, Outcome.FAILED])
def test_a_late_probe_changes_nothing_that_a_person_decided(cms: Service, outcome: Outcome) -> None:
    now = timezone.now()
    open_circuit(cms, now - PROBE_EVERY)
    probe = circuit.Breaker(cms)
    probe.admit(seen(), now)
    ops.hold_circuit_open(cms)
    probe.settle(outcome, now)
    assert state().circuit == Position.HELD_OPEN


def test_a_late_probe_does_not_close_what_opened_after_it(cms: Service) -> None:
    now = timezone.now()
    open_circuit(cms, now - PROBE_EVERY)
    late = circuit.Breaker(cms)
    late.admit(seen(), now)
    ops.close_circuit(cms)
    open_circuit(cms, timezone.now())
    late.settle(Outcome.OK, timezone.now())
    assert state().circuit == Position.OPEN


def test_whoever_comes_too_late_for_a_probe_that_succeeded_is_let_through(cms: Service) -> None:
    now = timezone.now()
    open_circuit(cms, now - PROBE_EVERY)
    before = seen()
    probe = circuit.Breaker(cms)
    probe.admit(before, now)
    probe.settle(Outcome.OK, now)
    circuit.Breaker(cms).admit(before, now)
    assert seen() == Circuit(since=now)


def test_whoever_comes_too_late_for_a_probe_is_told_of_the_next(cms: Service) -> None:
    now = timezone.now()
    open_circuit(cms, now - PROBE_EVERY)
    before = seen()
    circuit.Breaker(cms).admit(before, now)
    with pytest.raises(CallError) as refused:
        circuit.Breaker(cms).admit(before, now)
    assert refused.value.retry_after == PROBE_EVERY.total_seconds()


@pytest.mark.parametrize(
    "more",
    [
        {"outcome": Outcome.LIMITED},
        {"outcome": Outcome.NOT_SENT},
        {"outcome": Outcome.FAILED, "cache": "hit"},
        {"outcome": Outcome.FAILED, "cache": "stale"},
        {"outcome": Outcome.FAILED, "at": timezone.now() - LONG_AGO},
    ],
    ids=["rate limited", "not sent", "from the cache", "stale", "long ago"],
)
def test_what_is_not_the_services_own_fault_of_now_does_not_count(cms: Service, more: dict[str, Any]) -> None:
    recorded(cms, count=100, **more)
    recorded(cms, Outcome.FAILED, 9)
    fail(cms, timezone.now())
    assert state().circuit == Position.CLOSED


def test_a_refusal_by_the_service_is_a_sign_of_life(cms: Service) -> None:
    now = timezone.now()
    recorded(cms, Outcome.FAILED, 6, now - timedelta(seconds=2))
    recorded(cms, Outcome.REJECTED, 4, now - timedelta(seconds=1))
    recorded(cms, Outcome.FAILED, 1, now)
    fail(cms, now)
    assert state().circuit == Position.CLOSED


def test_what_failed_before_somebody_closed_it_is_forgotten(cms: Service, operator: User) -> None:
    open_circuit(cms, timezone.now() - timedelta(seconds=1))
    ops.close_circuit(cms, operator)
    recorded(cms, Outcome.FAILED, 9)
    fail(cms, timezone.now())
    assert state().circuit == Position.CLOSED


def test_other_services_are_none_of_its_business(cms: Service, github: Service) -> None:
    recorded(github, Outcome.FAILED, 10)
    fail(cms, timezone.now())
    assert not ServiceState.objects.exclude(circuit=Position.CLOSED).exists()


@pytest.mark.django_db(transaction=True)
def test_of_many_who_see_the_tenth_failure_one_opens_it(cms: Service, caplog: pytest.LogCaptureFixture) -> None:
    recorded(cms, Outcome.FAILED, 10)
    with caplog.at_level(logging.WARNING, "integrations.circuit"):
        at_once(8, lambda: fail(cms, timezone.now()))
    assert state().circuit == Position.OPEN
    assert Incident.objects.get().count == 1
    assert [line for line in caplog.messages if "opened" in line] == [
        "circuit of service=cms opened. 10 calls in a row failed."
    ]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("position", [Position.OPEN, Position.HALF_OPEN])
def test_of_many_who_come_when_a_probe_is_due_one_makes_it(cms: Service, position: Position) -> None:
    open_circuit(cms, timezone.now() - LONG_AGO)
    ServiceState.objects.update(circuit=position)

    before = seen()

    def come() -> bool:
        try:
            circuit.Breaker(cms).admit(before, timezone.now())
        except CallError:
            return False
        return True

    assert sorted(at_once(8, come)) == [False] * 7 + [True]


def test_a_refused_caller_is_told_since_when_why_and_how_it_goes_on(cms: Service) -> None:
    now = timezone.now()
    open_circuit(cms, now)
    with pytest.raises(CallError) as refused:
        circuit.Breaker(cms).admit(seen(), now + timedelta(seconds=11))
    since, probe_at = (f"{timezone.localtime(moment):%d %b %H:%M:%S}" for moment in (now, now + PROBE_EVERY))
    assert str(refused.value) == (
        f"The circuit of Articles is open since {since}. 10 calls in a row failed. "
        f"One call is let through at {probe_at}."
    )
    assert refused.value.retry_after == PROBE_EVERY.total_seconds() - 11
    assert refused.value.for_staff().endswith("“Close circuit” on the service lets calls through at once.")


def test_a_person_closes_it_once(cms: Service, operator: User) -> None:
    open_circuit(cms)
    ops.close_circuit(cms, operator)
    assert (state().circuit, state().circuit_reason) == (Position.CLOSED, "Closed by operator.")
    assert Incident.objects.get().state == Incident.State.RESOLVED
    with pytest.raises(ops.Impossible, match="is closed already"):
        ops.close_circuit(cms, operator)


def test_held_open_by_a_person_it_lets_nothing_through_until_a_person_closes_it(cms: Service, operator: User) -> None:
    ops.hold_circuit_open(cms, operator)
    with pytest.raises(CallError, match=r"is open since .* Held open by operator\.$") as refused:
        circuit.Breaker(cms).admit(seen(), timezone.now() + timedelta(days=365))
    assert refused.value.retry_after is None
    with pytest.raises(ops.Impossible, match="is held open already"):
        ops.hold_circuit_open(cms)
    ops.close_circuit(cms)
    circuit.Breaker(cms).admit(seen(), timezone.now())
