"""A limit is kept in every window, wherever it begins, and nobody waits for longer than it needs."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from integrations.transport.errors import Parked
from integrations.transport.limits import UNITS, Limits, Rate, reserve
from integrations.transport.waiting import LONGEST_SLEEP_S
from tests import chance

NOW = 1_800_000_000.0
FOREVER = NOW + 10**9
ROUNDING_S = 0.001


def starts(rates: tuple[Rate, ...], count: int) -> list[float]:
    """The first starts, counted from now, of callers who each come as soon as the one before has started."""
    start, due = NOW, dict[str, float]()
    found = []
    for _ in range(count):
        start, due = reserve(due, rates, start, FOREVER)
        found.append(round(start - NOW, 3))
    return found


def test_one_a_second_is_one_every_second() -> None:
    assert starts(Limits(per_second=1).rates, 4) == [0, 1, 2, 3]


def test_a_tenth_of_the_calls_may_start_at_once_and_the_rest_pays_for_it() -> None:
    assert starts(Limits(per_minute=60).rates, 9)[:7] == [0] * 6 + [pytest.approx(60 / 55, abs=0.001)]


def test_of_several_limits_the_slowest_decides() -> None:
    found = starts(Limits(per_second=2, per_minute=30).rates, 60)
    assert found[:3] == [0, 0.5, 1.0]
    assert found[30] >= 60


def test_without_limits_there_is_none() -> None:
    assert Limits(concurrency=3).rates == ()


@pytest.mark.parametrize(
    ("rate", "label"),
    [
        (Rate(1, "second"), "1 call a second"),
        (Rate(60, "minute"), "60 calls a minute"),
        (Rate(5000, "hour"), "5,000 calls an hour"),
    ],
)
def test_a_start_that_is_too_far_away_is_not_taken_but_named(rate: Rate, label: str) -> None:
    due = {rate.name: NOW + LONGEST_SLEEP_S + rate.ahead_s}
    with pytest.raises(Parked, match=f"The limit of {label} is used up") as parked:
        reserve(due, (rate,), NOW, NOW + LONGEST_SLEEP_S - 1)
    assert parked.value.until.timestamp() == pytest.approx(NOW + LONGEST_SLEEP_S, abs=0.001)


def test_a_limit_that_was_changed_begins_anew() -> None:
    _, due = reserve({}, (Rate(1, "day"),), NOW, FOREVER)
    assert reserve(due, (Rate(1000, "day"),), NOW, NOW)[0] == NOW


def test_nobody_waits_for_a_clock_that_was_wrong() -> None:
    rate = Rate(1, "second")
    _, due = reserve({}, (rate,), NOW + 86400, FOREVER)
    assert reserve(due, (rate,), NOW, NOW + LONGEST_SLEEP_S)[0] == NOW


class Callers(RuleBasedStateMachine):
    """Any callers at any times under any limits."""

    @initialize(
        numbers=st.dictionaries(st.sampled_from(list(UNITS)), st.integers(1, 40), min_size=1),
        patience_s=st.sampled_from([0.0, 1.0, LONGEST_SLEEP_S]),
    )
    def begin(self, numbers: dict[str, int], patience_s: float) -> None:
        self.rates = Limits(**{f"per_{unit}": number for unit, number in numbers.items()}).rates
        self.patience_s = patience_s
        self.now = NOW
        self.due: dict[str, float] = {}
        self.taken: list[float] = []

    def earliest(self) -> float:
        """From the history alone: the burst and every spacing after it, for each limit."""
        earliest = self.now
        for rate in self.rates:
            for back, start in enumerate(reversed(self.taken), 1):
                earliest = max(earliest, start + (back - rate.burst + 1) * rate.spacing_s * (back >= rate.burst))
        return earliest

    @rule(seconds=st.sampled_from([0.0, 0.001, 0.3, 1.0, 7.0, 60.0, 3600.0, 86400.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(times=st.integers(1, 12))
    def call(self, times: int) -> None:
        for _ in range(times):
            earliest = self.earliest()
            try:
                start, self.due = reserve(self.due, self.rates, self.now, self.now + self.patience_s)
                self.taken.append(start)
            except Parked as parked:
                start = parked.until.timestamp()
            assert (start > self.now + self.patience_s) == (start not in self.taken[-1:])
            assert start == pytest.approx(earliest, abs=ROUNDING_S), "never later than needed"

    @invariant()
    def no_window_holds_more_than_the_limit(self) -> None:
        for rate in getattr(self, "rates", ()):
            for first, beyond in zip(self.taken, self.taken[rate.calls :], strict=False):
                assert beyond - first >= UNITS[rate.unit]


@chance.examples(100, 500)
def test_any_callers_keep_any_limits_and_wait_no_longer_than_they_need(examples: int) -> None:
    run_state_machine_as_test(Callers, settings=settings(max_examples=examples, stateful_step_count=12, deadline=None))
