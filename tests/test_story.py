"""What the story of a run tells, in order."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from integrations import due, ops, tasks
from integrations.models import Stream, SyncRun
from tests.sync.conftest import source, things
from tests.sync.source import Killed, Source, die, falter, refuse, work
from tests.worker import expire

__all__ = ["source", "things"]


def told(run: SyncRun) -> list[str]:
    return list(run.events.values_list("kind", flat=True))


def test_a_run_tells_who_asked_who_worked_and_how_it_ended(source: Source, things: Stream, operator: User) -> None:
    run = work(ops.sync(things, "staff", operator))
    assert told(run) == ["asked", "started", "ended"]
    asked, _started, ended = run.events.all()
    assert (asked.note, ended.note) == ("operator", "Succeeded")


def test_without_a_person_it_tells_what_else_asked(things: Stream) -> None:
    run = ops.sync(things, "schedule")
    assert run.events.get().note == "The schedule"


def test_each_failure_is_told_with_what_comes_of_it(source: Source, things: Stream) -> None:
    source.put(*"abcd")
    source.trouble = {2: falter}
    run = ops.sync(things, "staff")
    tasks.run_sync(str(run.pk))
    source.trouble = {1: refuse}
    run = work(SyncRun.objects.get(pk=run.pk))
    assert told(run) == ["asked", "started", "recovered", "ended"]
    recovered, ended = run.events.all()[2:]
    assert recovered.note.startswith("The source failed.")
    assert recovered.note.endswith("Tries again by itself.")
    assert ended.note == run.failure_message


def test_the_story_goes_on_over_the_death_of_a_worker(source: Source, things: Stream) -> None:
    source.put(*"abcd")
    source.trouble = {2: die}
    run = ops.sync(things, "staff")
    with pytest.raises(Killed):
        tasks.run_sync(str(run.pk))
    source.trouble = {}
    expire(run)
    due.start()
    run = work(SyncRun.objects.get(pk=run.pk))
    assert told(run) == ["asked", "started", "lost", "ended"]
    assert run.events.all()[2].note == run.events.all()[1].note


def test_rest_and_decision_are_told_with_who(source: Source, things: Stream, operator: User) -> None:
    Stream.objects.update(guard_rows=1)
    source.put(*"abcd")
    work(ops.sync(things, "staff"))
    source.remove(*"abc")
    run = ops.sync(things, "staff", full=True)
    ops.pause(things, operator)
    ops.resume(things, operator)
    run = work(SyncRun.objects.get(pk=run.pk))
    ops.approve(run, "They are gone.", operator)
    run = work(SyncRun.objects.get(pk=run.pk))
    assert told(run) == ["asked", "paused", "resumed", "started", "held", "decided", "ended"]
    notes = dict(run.events.values_list("kind", "note"))
    assert (notes["paused"], notes["resumed"]) == ("By operator.", "By operator.")
    assert notes["held"].startswith("3 of 4 rows did not come any more.")
    assert notes["decided"] == "Approved by operator: They are gone."
