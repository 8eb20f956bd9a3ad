"""When a circuit opens, and what it lets through."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from integrations.transport.breaker import COUNTED, FAILURES, PROBE_EVERY, SUCCESSES, Circuit, Position
from integrations.transport.codes import Code, Outcome

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OK, FAILED = Outcome.OK, Outcome.FAILED


@pytest.mark.parametrize(
    ("newest_first", "reason"),
    [
        ([FAILED] * 9, ""),
        ([FAILED] * 10, "10 calls in a row failed."),
        ([Outcome.UNKNOWN] * 10, "10 calls in a row failed."),
        ([FAILED] * 10 + [OK] * 490, "10 calls in a row failed."),
        ([FAILED] * 9 + [OK] + [FAILED] * 9 + [OK] * 20, ""),
        (([FAILED] * 7 + [OK] * 3), "7 of 10 calls within 5 minutes failed."),
        (([OK] * 3 + [FAILED] * 7), "7 of 10 calls within 5 minutes failed."),
        ([FAILED] * 6 + [OK] * 4, ""),
        ([FAILED] * 6 + [Outcome.REJECTED] * 3, ""),
        ([FAILED] * 69 + [OK], "10 calls in a row failed."),
        (([FAILED] * 7 + [Outcome.REJECTED] * 3) * 10, "70 of 100 calls within 5 minutes failed."),
        (([FAILED] * 9 + [OK] * 4) * 10, ""),
        ([], ""),
    ],
)
def test_it_opens_on_ten_in_a_row_or_on_seventy_of_a_hundred(newest_first: list[Outcome], reason: str) -> None:
    opened = Circuit().after(newest_first, NOW)
    assert opened == (Circuit(Position.OPEN, NOW, NOW + PROBE_EVERY, reason) if reason else Circuit())


@pytest.mark.parametrize("position", [Position.OPEN, Position.HALF_OPEN, Position.HELD_OPEN])
def test_it_opens_once(position: Position) -> None:
    circuit = Circuit(position, NOW, NOW)
    assert circuit.after([FAILED] * 10, NOW) is circuit


def test_every_outcome_is_a_failure_a_success_or_nothing() -> None:
    neither = {Outcome.LIMITED, Outcome.NOT_SENT}
    assert not FAILURES & SUCCESSES
    assert FAILURES | SUCCESSES == COUNTED == set(Outcome) - neither
    assert Code.NOT_FOUND.outcome in SUCCESSES
    assert Code.RATE_LIMITED.outcome in neither


def test_probes_come_one_by_one() -> None:
    circuit = Circuit(Position.OPEN, NOW, NOW + PROBE_EVERY, "why")
    soon, later = NOW + PROBE_EVERY - timedelta(milliseconds=1), NOW + PROBE_EVERY
    assert circuit.refuses(soon)
    assert not circuit.refuses(later)
    trying = circuit.probing(later)
    assert trying == Circuit(Position.HALF_OPEN, NOW, later + PROBE_EVERY, "why")
    assert trying.refuses(later)
    assert trying.wants_probe(later + PROBE_EVERY), "a probe that never came back"


@pytest.mark.parametrize("outcome", Outcome)
def test_only_a_success_of_the_probe_closes_it(outcome: Outcome) -> None:
    trying = Circuit(Position.HALF_OPEN, NOW, NOW + PROBE_EVERY, "why")
    later = NOW + timedelta(seconds=1)
    left = Circuit(since=later) if outcome in SUCCESSES else Circuit(Position.OPEN, NOW, NOW + PROBE_EVERY, "why")
    assert trying.probed(outcome, later) == left


def test_held_open_it_waits_for_a_person() -> None:
    held = Circuit(Position.HELD_OPEN, NOW)
    assert held.refuses(NOW + timedelta(days=1000))
