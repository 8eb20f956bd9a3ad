"""The circuit breaker of a service as a value: what it lets through, and what each event makes of it.

Closed, it lets everything through. It opens when the newest calls failed, lets one probe through every
half minute, and closes when a probe succeeds. Held open by a person, it waits for a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from integrations.transport.codes import Outcome

# Only what is the service's own fault counts: neither a refusal nor a rate limit says that it is down.
FAILURES = frozenset({Outcome.FAILED, Outcome.UNKNOWN})
SUCCESSES = frozenset({Outcome.OK, Outcome.REJECTED})
COUNTED = FAILURES | SUCCESSES

WINDOW = timedelta(minutes=5)
FEWEST = 10
SHARE_PERCENT = 70
# At most one probe arrives in 30 s; the second more is for two that do not travel equally fast.
PROBE_EVERY = timedelta(seconds=31)


class Position(StrEnum):
    """Of the circuit; staff read the labels of the model."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    HELD_OPEN = "held_open"


@dataclass(frozen=True)
class Circuit:
    """Where it stands.

    Attributes:
        since: when it opened or closed; probes between do not change it.
        probe_at: when one call is let through, for an open one.
        reason: a sentence.
    """

    position: Position = Position.CLOSED
    since: datetime | None = None
    probe_at: datetime | None = None
    reason: str = ""

    def wants_probe(self, now: datetime) -> bool:
        """Whether one call may try. A probe that never came back keeps nobody waiting for longer than another."""
        trying = self.position in {Position.OPEN, Position.HALF_OPEN}
        return trying and (self.probe_at is None or now >= self.probe_at)

    def refuses(self, now: datetime) -> bool:
        """Whether nothing may be sent."""
        return self.position is not Position.CLOSED and not self.wants_probe(now)

    def probing(self, now: datetime) -> Circuit:
        """After somebody has taken the probe."""
        return replace(self, position=Position.HALF_OPEN, probe_at=now + PROBE_EVERY)

    def probed(self, outcome: Outcome, now: datetime) -> Circuit:
        """After the probe; anything but a success leaves it open until the next."""
        if outcome in SUCCESSES:
            return Circuit(since=now)
        return replace(self, position=Position.OPEN)

    def after(self, outcomes: Sequence[Outcome], now: datetime) -> Circuit:
        """After a failure, the newest first of the failures and successes of the window."""
        reason = _too_many(outcomes)
        if self.position is not Position.CLOSED or not reason:
            return self
        return Circuit(Position.OPEN, now, now + PROBE_EVERY, reason)


def _too_many(outcomes: Sequence[Outcome]) -> str:
    """Why these are enough to open it; empty if they are not."""
    failed = [outcome in FAILURES for outcome in outcomes]
    if len(failed) < FEWEST:
        return ""
    if all(failed[:FEWEST]):
        return f"{FEWEST} calls in a row failed."
    if sum(failed) * 100 >= SHARE_PERCENT * len(failed):
        return f"{sum(failed)} of {len(failed)} calls within {WINDOW.seconds // 60} minutes failed."
    return ""
