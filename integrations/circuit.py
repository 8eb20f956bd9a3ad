"""The circuit breaker of a service, shared by all processes in its `ServiceState`.

Every transition is one conditional UPDATE of what was seen, so that of any number of processes one makes it.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from integrations import incidents
from integrations.models import Call, Incident, Service, ServiceState
from integrations.models.call import SENT
from integrations.transport.breaker import COUNTED, FAILURES, SUCCESSES, WINDOW, Circuit, Position
from integrations.transport.codes import Code, Outcome
from integrations.transport.errors import CallError

logger = logging.getLogger(__name__)

NEWEST = 500  # more would make each failure of a busy service dear, and would not change the answer


def of(state: ServiceState) -> Circuit:
    """The circuit in that row."""
    return Circuit(Position(state.circuit), state.circuit_since, state.circuit_probe_at, state.circuit_reason)


def refusal(service: Service, circuit: Circuit, now: datetime) -> CallError:
    """What a caller is told who may not call: since when, why, and when it goes on."""
    since = f" since {_clock(circuit.since)}" if circuit.since else ""
    text = f"The circuit of {service} is open{since}. {circuit.reason}"
    if circuit.probe_at is None:
        return CallError(Code.CIRCUIT_OPEN, text)
    text = f"{text} One call is let through at {_clock(circuit.probe_at)}."
    return CallError(Code.CIRCUIT_OPEN, text, retry_after=max((circuit.probe_at - now).total_seconds(), 0.0))


def _clock(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%d %b %H:%M:%S}"


def close(service: Service, now: datetime, reason: str = "", **still: Any) -> bool:
    """Let calls through again; whether it was open, and as described."""
    closed = Circuit(since=now, reason=reason)
    with transaction.atomic():
        if not _change(ServiceState.objects.filter(**still).exclude(circuit=Position.CLOSED), service, closed):
            return False
        incidents.resolve(service, Incident.Kind.CIRCUIT)
    logger.warning("circuit of service=%s closed. %s", service.slug, reason or "A probe succeeded.")
    return True


def hold_open(service: Service, now: datetime, reason: str) -> bool:
    """Let nothing through until somebody closes it; whether it was not held already."""
    held = Circuit(Position.HELD_OPEN, now, reason=reason)
    if not _change(ServiceState.objects.exclude(circuit=Position.HELD_OPEN), service, held):
        return False
    logger.warning("circuit of service=%s held open. %s", service.slug, reason)
    return True


def _change(rows: Any, service: Service, new: Circuit) -> bool:
    columns = {
        "circuit": new.position,
        "circuit_since": new.since,
        "circuit_probe_at": new.probe_at,
        "circuit_reason": new.reason,
    }
    if new.probe_at:  # where health is checked at all, the check is the probe nobody else may come to make
        columns["next_check_at"] = new.probe_at
    return bool(rows.filter(service=service).update(**columns))


class Breaker:
    """One caller's part in it."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._probe: Circuit | None = None

    def admit(self, seen: Circuit, now: datetime) -> None:
        """Let one attempt through, as the probe where one is due.

        Raises:
            CallError: the circuit is open.
        """
        if seen.wants_probe(now):
            probe = seen.probing(now)
            if self._move(seen, probe):
                self._probe = probe
                return
            seen = self._read()  # another one was faster
        if seen.position is not Position.CLOSED:
            raise refusal(self._service, seen, now)

    def settle(self, outcome: Outcome, now: datetime) -> None:
        """Learn from an attempt that was let through."""
        probe, self._probe = self._probe, None
        if probe:
            self._settle_probe(probe, outcome, now)
        elif outcome in FAILURES:
            self._consider(self._read(), now)

    def _settle_probe(self, probe: Circuit, outcome: Outcome, now: datetime) -> None:
        if outcome in SUCCESSES:
            # Whoever probes meanwhile: this success is as good as theirs. A circuit of another date is another's.
            trying = (Position.OPEN, Position.HALF_OPEN)
            close(self._service, now, circuit__in=trying, circuit_since=probe.since)
        else:
            self._move(probe, probe.probed(outcome, now))

    def _consider(self, seen: Circuit, now: datetime) -> None:
        if seen.position is not Position.CLOSED:
            return
        new = seen.after(self._newest(seen, now), now)
        with transaction.atomic():
            if new is seen or not self._move(seen, new):
                return
            incidents.report(self._service, Incident.Kind.CIRCUIT, Code.CIRCUIT_OPEN, new.reason)
        logger.warning("circuit of service=%s opened. %s", self._service.slug, new.reason)

    def _newest(self, seen: Circuit, now: datetime) -> list[Outcome]:
        """Newest first; what was answered from the cache tells nothing. Index: call_newest_of_service."""
        began = max(seen.since or now - WINDOW, now - WINDOW)
        made = Call.objects.filter(SENT, service=self._service, started_at__gt=began, outcome__in=COUNTED)
        outcomes = made.order_by("-started_at").values_list("outcome", flat=True)
        return [Outcome(outcome) for outcome in outcomes[:NEWEST]]

    def _read(self) -> Circuit:
        return of(ServiceState.objects.get(service=self._service))

    def _move(self, seen: Circuit, new: Circuit) -> bool:
        """From exactly what was seen; of two who saw the same, one moves it."""
        same = ServiceState.objects.filter(
            circuit=seen.position, circuit_since=seen.since, circuit_probe_at=seen.probe_at
        )
        return _change(same, self._service, new)
