"""How the latency of a window compares with the window before, and who is behind it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from integrations.latency import Traffic

WORTH_SAYING = 0.1  # how much p95 must change, as a part of it
MOSTLY = 0.5

Member = TypeVar("Member", bound=Hashable)


@dataclass(frozen=True)
class Change:
    """Of p95, in milliseconds."""

    before: float
    now: float

    @property
    def percent(self) -> float:
        """Above 0 where it became slower."""
        return 100 * (self.now / self.before - 1)

    @property
    def is_worth_saying(self) -> bool:
        """Anything smaller is weather."""
        return abs(self.percent) >= WORTH_SAYING * 100


def change(before: Traffic, now: Traffic) -> Change | None:
    """None where there were no calls in one of them."""
    return Change(before.p95, now.p95) if before.p95 and now.p95 else None


def mostly(of: Change, before: Mapping[Member, Traffic], now: Mapping[Member, Traffic]) -> Member | None:
    """The service or operation behind more than half of a change, where one is."""
    old, new = _slower(before, of.before), _slower(now, of.before)
    # By how much more of all calls each of them is slower than p95 was before.
    more = {member: new.get(member, 0.0) - old.get(member, 0.0) for member in {*now, *before}}
    direction = 1 if of.now > of.before else -1
    member, most = max(more.items(), key=lambda pair: direction * pair[1])
    whole = sum(more.values())
    is_most = len(more) > 1 and whole * direction > 0 and most / whole > MOSTLY
    return member if is_most else None


def _slower(members: Mapping[Member, Traffic], ms: float) -> dict[Member, float]:
    """Which part of all calls are those of each that took longer."""
    calls = sum(traffic.calls for traffic in members.values())
    return {member: (traffic.calls - traffic.sent.within(ms)) / calls for member, traffic in members.items()}
