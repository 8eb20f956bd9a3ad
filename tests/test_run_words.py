"""What staff read about the state of a run."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.models import SyncRun
from integrations.run_words import MUST_ACT, code_label, tries, what_next, who_must_act

SOON = timedelta(minutes=5, seconds=1)


@pytest.mark.parametrize("state", SyncRun.State.values)
def test_every_state_says_what_comes_next(state: str) -> None:
    assert str(what_next(SyncRun(pk=1, state=state, due_at=timezone.now() + SOON))).endswith((".", "once."))


@pytest.mark.parametrize("origin", SyncRun.Origin.values)
def test_who_must_act_is_named_for_every_origin_once_a_run_has_failed(origin: str) -> None:
    assert who_must_act(SyncRun(state="failed", failure_origin=origin)) == MUST_ACT[origin]
    assert who_must_act(SyncRun(state="parked", failure_origin=origin)) == ""


def test_a_parked_run_says_until_when_which_try_comes_and_that_it_goes_on_by_itself() -> None:
    run = SyncRun(state="parked", stalls=2, due_at=timezone.now() + SOON)
    assert "(in 5 min) and goes on by itself. Try 3 of 5." in what_next(run)
    run.due_at = timezone.now() - SOON
    assert "It goes on by itself now." in what_next(run)


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (SyncRun(), ""),
        (SyncRun(stalls=4), "Try 5 of 5."),
        (SyncRun(recoveries=3), "It has gone on 3 of at most 20 times."),
    ],
)
def test_tries_are_counted_where_there_were_some(run: SyncRun, words: str) -> None:
    assert tries(run) == words


def test_a_held_run_says_until_when_somebody_may_decide() -> None:
    run = SyncRun(state="held", due_at=timezone.now() + timedelta(days=7, seconds=1))
    assert "If nobody decides until <time" in what_next(run)
    assert "(in 7 d), they are kept." in what_next(run)


def test_an_approved_run_that_waits_says_what_it_waits_for() -> None:
    assert "marked as gone as soon as a worker is free" in what_next(SyncRun(state="queued", read_at=timezone.now()))
    assert "begins as soon as a worker is free" in what_next(SyncRun(state="queued"))


@pytest.mark.parametrize(
    ("code", "label"), [("connection_refused", "Connection refused"), ("error_budget", "Error budget")]
)
def test_a_code_is_said_in_words(code: str, label: str) -> None:
    assert code_label(code) == label
