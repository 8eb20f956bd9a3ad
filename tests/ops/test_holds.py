"""Runs that ask: approved, kept, or answered by time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from integrations import due, ops
from integrations.models import Change, Record, Stream, SyncRun
from tests.sync.source import Source, sync, work
from tests.worker import make_due, queued

GONE = "Ann looked: they were closed."


def alive() -> set[str]:
    return set(Record.objects.filter(deleted_at=None).values_list("external_id", flat=True))


@pytest.fixture
def copied(source: Source, things: Stream) -> Source:
    """The letters a to f, copied; one of them at most may be gone without a question."""
    Stream.objects.update(guard_rows=1)
    source.put(*"abcdef")
    assert sync(things).state == "succeeded"
    return source


@pytest.fixture
def held(copied: Source, things: Stream) -> SyncRun:
    """Asks about a, b and c."""
    copied.remove(*"abc")
    run = sync(things, full=True)
    assert (run.state, run.withheld) == ("held", 3)
    return run


def test_an_approved_run_is_queued_again_and_marks_what_it_asked_about(held: SyncRun, operator: User) -> None:
    asked = held.items
    ops.approve(held, GONE, operator)
    assert queued()[-1] == ("integrations.tasks.run_sync", (str(held.pk),))
    run = work(SyncRun.objects.get(pk=held.pk))
    assert (run.state, run.deleted, run.withheld, run.items) == ("succeeded", 3, 0, asked)
    assert (run.decided_by, run.decision, run.failure_message) == ("operator", GONE, "")
    assert run.decided_at
    assert alive() == set("def")
    assert set(Change.objects.filter(run=run, kind="deleted").values_list("external_id", flat=True)) == set("abc")


def test_approval_asks_the_source_nothing(held: SyncRun, copied: Source) -> None:
    before = len(copied.asked)
    work(ops.approve(held, GONE))
    assert len(copied.asked) == before


def test_rows_that_came_back_before_the_approval_stay(held: SyncRun, copied: Source, things: Stream) -> None:
    copied.put("b")
    assert sync(things).mode == "incremental"
    ops.approve(held, GONE)
    run = work(SyncRun.objects.get(pk=held.pk))
    assert (run.deleted, alive()) == (2, set("bdef"))


def test_kept_rows_stand_and_the_run_says_why(held: SyncRun, operator: User) -> None:
    ops.keep(held, "The export was broken.", operator)
    held.refresh_from_db()
    assert (held.state, held.deleted, held.withheld) == ("warned", 0, 3)
    assert (held.decided_by, held.decision, held.failure_message) == ("operator", "The export was broken.", "")
    assert alive() == set("abcdef")
    assert held.events.last().note == "The rows were kept by operator: The export was broken."  # type: ignore[union-attr]


def test_after_seven_days_without_a_decision_the_rows_are_kept(held: SyncRun) -> None:
    assert held.finished_at
    assert held.due_at - held.finished_at == timedelta(days=7)
    due.start()
    held.refresh_from_db()
    assert held.state == "held"
    make_due(held)
    due.start()
    held.refresh_from_db()
    assert (held.state, held.decided_by, held.deleted) == ("warned", "the console", 0)
    assert held.decision == "Nobody decided within 7 days: the rows were kept."
    assert alive() == set("abcdef")


@pytest.mark.parametrize("verb", [ops.approve, ops.keep])
@pytest.mark.parametrize("state", sorted(set(SyncRun.State.values) - {"held"}))
def test_what_asks_nothing_is_not_decided(things: Stream, state: str, verb: object) -> None:
    run = SyncRun.objects.create(stream=things, trigger="staff", state=state)
    assert callable(verb)
    with pytest.raises(ops.Impossible, match="does not wait for anybody any more"):
        verb(run, GONE)
    run.refresh_from_db()
    assert (run.state, run.decision) == (state, "")


def test_of_two_decisions_the_first_holds(held: SyncRun, operator: User, manager: User) -> None:
    ops.keep(held, "Wait.", operator)
    with pytest.raises(ops.Impossible):
        ops.approve(held, GONE, manager)
    with pytest.raises(ops.Impossible):
        ops.lapse(held)
    held.refresh_from_db()
    assert (held.decided_by, held.decision) == ("operator", "Wait.")


def test_nothing_is_approved_while_another_run_is_under_way(held: SyncRun) -> None:
    other = ops.sync(Stream.objects.get(), "staff")
    with pytest.raises(ops.Impossible, match=r"is being synced\. Wait for that run to end, then decide\."):
        ops.approve(held, GONE)
    held.refresh_from_db()
    assert (held.state, held.decision, held.events.filter(kind="decided").exists()) == ("held", "", False)
    work(other)
    ops.approve(held, GONE)
    assert work(SyncRun.objects.get(pk=held.pk)).deleted == 3


def test_approval_of_nothing_left_to_mark_ends_well(held: SyncRun) -> None:
    Record.objects.filter(external_id__in="abc").update(deleted_at=timezone.now())
    ops.approve(held, GONE)
    run = work(SyncRun.objects.get(pk=held.pk))
    assert (run.state, run.deleted) == ("succeeded", 0)
