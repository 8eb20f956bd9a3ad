"""Any order of calls, answers, pauses and decisions of four processes: the promises of the circuit hold."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from integrations import circuit
from integrations.models import Incident, Service, ServiceState
from integrations.transport.breaker import Circuit, Position
from integrations.transport.codes import Code, Outcome
from integrations.transport.errors import CallError
from tests import chance
from tests.calling import recorded

NUMBER = st.integers(0, 3)
PAUSE = st.sampled_from([timedelta(seconds=seconds) for seconds in (0, 1, 28, 31, 301)])
OUTCOMES = st.one_of(st.just(Outcome.FAILED), st.sampled_from(Outcome))  # an outage is the interesting thing
TRYING = {Position.OPEN, Position.HALF_OPEN}
FAILURES = {Outcome.FAILED, Outcome.UNKNOWN}


class Process:
    """What one of them saw last, and the attempt it is making."""

    def __init__(self, service: Service) -> None:
        self.breaker = circuit.Breaker(service)
        self.seen: Circuit | None = None
        self.is_calling = False

    @property
    def is_probe(self) -> bool:
        return self.breaker._probe is not None


class Processes(RuleBasedStateMachine):
    """One service in a time of its own."""

    service: Service

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.now = timezone.now()
        self.processes = [Process(self.service) for _ in range(4)]
        self.last_probe = self.now - timedelta(days=1)
        self.position = Position.CLOSED
        self.told: list[tuple[datetime, Outcome]] = []  # what counts since it was closed last, newest last

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    def circuit(self) -> Circuit:
        return circuit.of(ServiceState.objects.get(service=self.service))

    def some(self, number: int, *, calling: bool) -> Process:
        able = [process for process in self.processes if process.is_calling is calling]
        return able[number % len(able)]

    @precondition(lambda self: not all(process.is_calling for process in self.processes))
    @rule(number=NUMBER, pause=PAUSE, looks_late=st.booleans())
    def come(self, number: int, pause: timedelta, looks_late: bool) -> None:
        """One that goes by what it saw before the pause, or after it."""
        process = self.some(number, calling=False)
        process.seen = process.seen or self.circuit()
        self.now += pause
        if looks_late:
            process.seen = self.circuit()
        try:
            process.breaker.admit(process.seen, self.now)
        except CallError as refusal:
            assert (refusal.code, process.seen.position != Position.CLOSED) == (Code.CIRCUIT_OPEN, True)  # noqa: PT017 - most are let through
            process.seen = None
            return
        process.is_calling = True
        if process.is_probe:
            assert self.now - self.last_probe >= timedelta(seconds=30), "two probes within 30 s"
            assert self.circuit().position is Position.HALF_OPEN
            self.last_probe = self.now
        else:
            assert Position.CLOSED in {process.seen.position, self.circuit().position}

    @initialize(is_down=st.booleans())
    def begin(self, is_down: bool) -> None:
        if is_down:
            self.outage()

    @rule()
    def outage(self) -> None:
        """So bad that whoever learns of it last opens the circuit, unless somebody decided otherwise."""
        was_closed = self.circuit().position is Position.CLOSED
        self.note(Outcome.FAILED, 10)
        circuit.Breaker(self.service).settle(Outcome.FAILED, self.now)
        assert not was_closed or self.circuit().position is Position.OPEN

    @precondition(lambda self: any(process.is_calling for process in self.processes))
    @rule(number=NUMBER, pause=PAUSE, outcome=OUTCOMES)
    def answer(self, number: int, pause: timedelta, outcome: Outcome) -> None:
        process = self.some(number, calling=True)
        self.now += pause
        before, was_probe = self.circuit(), process.is_probe
        process.is_calling = False
        self.note(outcome)
        process.breaker.settle(outcome, self.now)
        after = self.circuit()
        if before.position is Position.CLOSED and after.position is Position.OPEN:
            assert outcome in FAILURES
        if before.position is Position.CLOSED and outcome in FAILURES:
            assert self.is_bad() == (after.position is Position.OPEN)
        if before.position is not Position.CLOSED and after.position is Position.CLOSED:
            self.told.clear()
        if was_probe and before.position is Position.HALF_OPEN:
            closes = outcome in {Outcome.OK, Outcome.REJECTED}
            assert closes == (after.position is Position.CLOSED) or before.since != after.since

    @rule(outcomes=st.lists(OUTCOMES, min_size=1, max_size=9))
    def others_call(self, outcomes: list[Outcome]) -> None:
        """Calls of processes that died before they learnt from them."""
        for outcome in outcomes:
            self.now += timedelta(milliseconds=10)
            self.note(outcome)

    def note(self, outcome: Outcome, count: int = 1) -> None:
        self.now += timedelta(milliseconds=1)  # so that the log has an order
        recorded(self.service, outcome, count, self.now)
        if outcome not in {Outcome.LIMITED, Outcome.NOT_SENT}:
            self.told += [(self.now, outcome)] * count

    def is_bad(self) -> bool:
        recent = [outcome in FAILURES for at, outcome in self.told if at > self.now - timedelta(minutes=5)]
        return len(recent) >= 10 and (all(recent[-10:]) or sum(recent) >= 0.7 * len(recent))

    @rule(holds=st.booleans())
    def a_person_decides(self, holds: bool) -> None:
        self.now += timedelta(milliseconds=1)
        if holds:
            circuit.hold_open(self.service, self.now, "Held open.")
        elif circuit.close(self.service, self.now, "Closed."):
            self.told.clear()

    @invariant()
    def only_a_person_ends_what_a_person_decided(self) -> None:
        found = self.circuit()
        assert found.position is not Position.HALF_OPEN or self.position in TRYING
        assert (found.probe_at is not None) == (found.position in TRYING)
        self.position = found.position

    @invariant()
    def there_is_an_incident_exactly_while_it_is_open(self) -> None:
        going_on = Incident.objects.filter(kind="circuit", state="open").count()
        if self.position is not Position.HELD_OPEN:
            assert going_on == (self.position in TRYING)


@chance.examples(100, 500)
def test_the_promises_of_the_circuit_hold_in_any_order(cms: Service, examples: int) -> None:
    Processes.service = cms
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        Processes,
        settings=settings(max_examples=examples, stateful_step_count=12, deadline=None, suppress_health_check=checks),
    )
