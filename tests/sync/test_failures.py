"""Why a run stopped, who must act, and how often it tries again by itself."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, InterfaceError, OperationalError
from django.utils import timezone

from integrations import ops, tasks
from integrations.credentials import CredentialUnavailable
from integrations.models import Incident, Record, Stream, SyncRun
from integrations.sync import failures
from integrations.sync.failures import MOST_RECOVERIES, WAITS_S, Unusable
from integrations.systems import UnknownSystem
from integrations.systems.base import UnknownStream
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from tests.sync.source import Source, falter, refuse, sync, work
from tests.worker import make_due

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CONFIGURED = ("configuration", "not_configured", False)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (CallError(Code.TIMEOUT, "Late."), ("source", "timeout", True)),
        (CallError(Code.SERVER_ERROR, "Odd."), ("source", "server_error", True)),
        (CallError(Code.CIRCUIT_OPEN, "Open."), ("source", "circuit_open", True)),
        (CallError(Code.AUTH_FAILED, "No."), ("source", "auth_failed", False)),
        (CallError(Code.NOT_FOUND, "None."), ("source", "not_found", False)),
        (CallError(Code.TRUNCATED, "Short."), ("source", "truncated", False)),
        (CredentialUnavailable("Lost."), CONFIGURED),
        (UnknownSystem("Gone."), CONFIGURED),
        (UnknownStream("Gone."), CONFIGURED),
        (Unusable("error_budget", "Too many."), ("mapping", "error_budget", False)),
        (OperationalError("locked"), ("database", "OperationalError", True)),
        (InterfaceError("closed"), ("database", "InterfaceError", True)),
        (IntegrityError("twice"), ("database", "IntegrityError", False)),
        (KeyError("inner"), ("console", "KeyError", False)),
    ],
)
def test_an_error_says_who_must_act_and_whether_it_passes(error: Exception, expected: tuple[str, str, bool]) -> None:
    found = failures.of(error)
    assert (found.origin, found.code, found.passes) == expected
    assert found.message.endswith(".")


@pytest.mark.parametrize("error", [OperationalError("a secret"), KeyError("a secret")])
def test_what_went_wrong_inside_the_console_is_for_its_log(error: Exception) -> None:
    assert failures.of(error).message.endswith("Tell the programmers: the log of the worker has the details.")
    assert "a secret" not in failures.of(error).message


@pytest.fixture
def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def slice_of(run: SyncRun) -> SyncRun:
    """Work once, however long it would have waited."""
    make_due(run)
    tasks.run_sync(str(run.pk))
    return SyncRun.objects.get(pk=run.pk)


def test_failures_without_progress_wait_longer_each_time_and_then_the_run_has_failed(
    source: Source, things: Stream, stopped_clock: None
) -> None:
    source.put("a")
    source.trouble = {1: falter}
    run, waited = ops.sync(things, "staff"), []
    while (run := slice_of(run)).state == "parked":
        waited.append((run.due_at - NOW).total_seconds())
    assert (run.state, run.failure_origin, run.failure_code) == ("failed", "source", "server_error")
    assert tuple(waited) == WAITS_S
    assert (run.stalls, run.recoveries) == (len(WAITS_S), 0)
    assert Incident.objects.get().count == len(WAITS_S) + 1


def test_a_parked_run_says_what_it_waits_for_and_forgets_it_when_it_goes_well(source: Source, things: Stream) -> None:
    source.put("a")
    source.trouble = {1: falter}
    run = slice_of(ops.sync(things, "staff"))
    assert (run.state, run.failure_origin, run.failure_code) == ("parked", "source", "server_error")
    assert run.failure_message.startswith("The source failed.")
    source.trouble = {}
    run = slice_of(run)
    assert (run.state, run.failure_origin, run.failure_code, run.failure_message) == ("succeeded", "", "", "")


def test_progress_forgets_the_stalls_before_it_and_goes_on_at_once(
    source: Source, things: Stream, stopped_clock: None
) -> None:
    source.put(*"abcdef")
    source.trouble = {1: falter}
    run = slice_of(slice_of(ops.sync(things, "staff")))
    assert (run.stalls, run.recoveries) == (2, 0)
    source.trouble = {2: falter}
    run = slice_of(run)
    assert (run.stalls, run.recoveries, run.items, run.due_at) == (0, 1, 2, NOW)


def test_a_source_that_fails_after_each_page_is_read_to_its_end(source: Source, things: Stream) -> None:
    source.put(*"abcdefgh")
    source.trouble = {2: falter}
    run = sync(things)
    assert (run.state, run.created, run.recoveries) == ("succeeded", 8, 3)
    assert not Incident.objects.exists(), "nobody needs to act"


def test_even_progress_has_an_end_and_a_retry_goes_on_from_there(source: Source, things: Stream) -> None:
    source.put(*(f"{number:03}" for number in range(2 * MOST_RECOVERIES + 10)))
    source.trouble = {2: falter}
    run = sync(things)
    assert (run.state, run.recoveries, run.pages) == ("failed", MOST_RECOVERIES, MOST_RECOVERIES + 1)
    assert Incident.objects.get().code == "server_error"
    again = work(ops.retry(run))
    assert (again.state, again.carried) == ("succeeded", run.items)
    assert Record.objects.count() == len(source.items)


def test_what_only_somebody_can_mend_is_not_tried_again(source: Source, things: Stream) -> None:
    source.put(*"abcd")
    source.trouble = {2: refuse}
    run = slice_of(ops.sync(things, "staff"))
    assert (run.state, run.items, run.recoveries, run.stalls) == ("failed", 2, 0, 0)


@pytest.mark.parametrize(
    ("bad", "budget", "state"), [(5, 5, "partial"), (6, 5, "failed"), (1, 0, "failed"), (99, 100, "partial")]
)
def test_a_run_of_which_too_much_cannot_be_used_stops(
    source: Source, things: Stream, monkeypatch: pytest.MonkeyPatch, bad: int, budget: int, state: str
) -> None:
    monkeypatch.setattr("tests.sync.source.SIZE", 50)
    Stream.objects.update(error_budget_percent=budget)
    source.put(*(f"{number:03}" for number in range(100)))
    source.bad = set(list(source.items)[-bad:])
    run = sync(things)
    assert (run.state, run.items, run.rejected) == (state, 100, bad)
    assert run.failure_origin == ("mapping" if state == "failed" else "")
    if state == "failed":
        assert run.failure_message.startswith(f"{bad} of 100 items could not be used. That is more than {budget} %")


def test_a_few_items_are_not_judged(source: Source, things: Stream) -> None:
    source.put(*"abcd")
    source.bad = set("abc")
    assert sync(things).state == "partial"
