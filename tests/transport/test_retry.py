"""When asking again does no harm, how long to wait, and the decorator for client authors."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.transport import retry
from integrations.transport.codes import Code, Outcome
from integrations.transport.errors import CallError
from integrations.transport.retry import is_harmless, pause_s, retry_with_backoff


@pytest.mark.parametrize("code", Code)
def test_nothing_that_may_have_been_done_is_asked_again_blindly(code: Code) -> None:
    if is_harmless(code, repeatable=False):
        assert code in {Code.DNS_FAILED, Code.CONNECTION_REFUSED, Code.UNREACHABLE, Code.RATE_LIMITED}
    if is_harmless(code, repeatable=True):
        assert code.outcome in {Outcome.FAILED, Outcome.LIMITED}


@given(st.integers(0, 10), st.randoms(use_true_random=False))
def test_pauses_are_spread_over_all_of_a_growing_span(failures: int, chance: random.Random) -> None:
    random.seed(chance.random())
    longest = min(retry.LONGEST_PAUSE_S, retry.FIRST_PAUSE_S * 2**failures)
    pauses = [pause_s(failures, CallError(Code.SERVER_ERROR, "It answered 500.")) for _ in range(200)]
    assert all(0 <= pause <= longest for pause in pauses)
    assert min(pauses) < longest * 0.1  # full jitter reaches down to nothing
    assert max(pauses) > longest * 0.9


def test_what_the_remote_asked_for_is_waited_for() -> None:
    assert pause_s(5, CallError(Code.RATE_LIMITED, "It answered 429.", retry_after=3.5)) == 3.5


@pytest.mark.parametrize(("failures", "times"), [(0, 1), (2, 3)])
def test_the_decorator_calls_again_until_it_works(failures: int, times: int) -> None:
    called: list[int] = []

    @retry_with_backoff(max_retries=2, base_delay=0.001, exceptions=CallError)
    def work(number: int) -> int:
        called.append(number)
        if len(called) <= failures:
            raise CallError(Code.CONFLICT, "It answered 409.")
        return number

    assert work(7) == 7
    assert called == [7] * times


def test_the_decorator_gives_up_with_the_last_error() -> None:
    errors = iter([KeyError("first"), ValueError("second"), KeyError("third")])

    @retry_with_backoff(max_retries=2, base_delay=0.001, exceptions=(KeyError, ValueError))
    def work() -> None:
        raise next(errors)

    with pytest.raises(KeyError, match="third"):
        work()


def test_the_decorator_lets_other_errors_through_at_once() -> None:
    called: list[int] = []

    @retry_with_backoff(max_retries=5, base_delay=0.001, exceptions=KeyError)
    def work() -> None:
        called.append(1)
        raise ValueError("another")

    with pytest.raises(ValueError, match="another"):
        work()
    assert len(called) == 1
