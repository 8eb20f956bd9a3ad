"""Whatever happens to the runs of a stream, in any order: the promises of a run hold after each step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from integrations import due, leases, ops, systems, tasks
from integrations.models import Record, RecordError, RunEvent, Stream, SyncRun
from integrations.sync import engine
from integrations.systems.base import Item
from integrations.transport.codes import Code
from integrations.transport.errors import CallError, Parked
from tests import chance
from tests.sync.source import Killed, Source, die, sync, system_of
from tests.worker import expire, make_due

State, Kind = SyncRun.State, RunEvent.Kind
KEYS = "abcdef"
MANY = 500  # stories
GUARD_PERCENT = 40
ENDED = frozenset({State.SUCCEEDED, State.WARNED, State.PARTIAL, State.FAILED, State.CANCELLED})
ENDS_OF_READING = {State.HELD, State.SUCCEEDED, State.WARNED, State.PARTIAL}
WORK = {State.QUEUED, State.RUNNING, State.PARKED, State.FAILED, *ENDS_OF_READING}
# What a step may make of a state: one of these, or nothing.
MAY_BECOME: dict[str, set[str]] = {
    State.QUEUED: {*WORK, State.PAUSED, State.CANCELLED},
    State.RUNNING: {State.QUEUED, State.PAUSED, State.CANCELLED, State.FAILED},
    State.PARKED: {*WORK, State.PAUSED, State.CANCELLED},
    State.PAUSED: {State.QUEUED, State.CANCELLED},
    State.HELD: {State.QUEUED, State.WARNED},
    **{state: set() for state in ENDED},
}
TOLD: dict[str, set[str]] = {  # which moment of its story brought a run into a state
    State.PARKED: {Kind.PARKED, Kind.RECOVERED, Kind.RESUMED},
    State.PAUSED: {Kind.PAUSED},
    State.HELD: {Kind.HELD},
    State.SUCCEEDED: {Kind.ENDED},
    State.WARNED: {Kind.ENDED, Kind.DECIDED},
    State.PARTIAL: {Kind.ENDED},
    State.FAILED: {Kind.ENDED},
    State.CANCELLED: {Kind.ENDED},
}


def passes() -> None:
    raise CallError(Code.SERVER_ERROR, "The source failed.")


def never_passes() -> None:
    raise CallError(Code.NOT_FOUND, "There is no such list.")


def asks_to_wait() -> None:
    raise Parked(timezone.now() + timedelta(hours=1), "The source wants a pause.")


class Runs(RuleBasedStateMachine):
    """One stream of a source that belongs to the test, and every lease anybody ever held."""

    stream: Stream
    source: Source
    copied: dict[str, Item]
    reached: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.source.__dict__.update(vars(Source()))
        self.source.items.update(self.copied)
        self.versions = 0
        self.clean = True  # the source is as it was when the run under way, or the next one, began to read
        self.states: dict[int, str] = {}
        self.final: dict[int, dict[str, Any]] = {}
        self.leases: list[leases.Lease] = []
        self.gone: set[str] = set()
        self.may_mark = False

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    def active(self) -> SyncRun | None:
        return SyncRun.objects.filter(state__in=SyncRun.ACTIVE).first()

    def in_state(self, *states: str) -> bool:
        """Whether a run was after the last step."""
        return not {*states}.isdisjoint(self.states.values())

    def held(self) -> SyncRun | None:
        return SyncRun.objects.filter(state=State.HELD).first()

    def verb(self, verb: Callable[..., Any], *given: Any, possible: bool, **options: Any) -> None:
        """Ask for something that is possible exactly when the test says so."""
        if possible:
            verb(*given, **options)
            return
        before = self.rows()
        with pytest.raises(ops.Impossible):
            verb(*given, **options)
        assert self.rows() == before, "what was refused has changed something"

    def rows(self) -> list[dict[str, Any]]:
        return [dict(row) for row in SyncRun.objects.order_by("pk").values()]

    def fresh(self) -> Stream:
        return Stream.objects.select_related("service").get(pk=self.stream.pk)

    # What people ask for

    @rule(full=st.booleans())
    def sync(self, full: bool) -> None:
        stream = self.fresh()
        possible = not self.active() and not stream.paused_at
        self.verb(ops.sync, stream, SyncRun.Trigger.STAFF, full=full, possible=possible)
        self.clean |= possible

    @precondition(lambda self: self.states)
    @rule(back=st.integers(0, 2))
    def retry(self, back: int) -> None:
        run = SyncRun.objects.all()[min(back, len(self.states) - 1)]
        parked = run.state == State.PARKED
        possible = parked or (not self.active() and not self.fresh().paused_at)
        self.verb(ops.retry, run, possible=possible)
        made = SyncRun.objects.first()
        self.clean |= possible and not parked and made is not None and not made.pass_of

    @precondition(lambda self: self.in_state(*SyncRun.ACTIVE))
    @rule()
    def cancel(self) -> None:
        run = self.active()
        assert run
        self.verb(ops.cancel, run, possible=True)
        self.verb(ops.cancel, run, possible=False)

    @rule()
    def pause_or_resume(self) -> None:
        is_paused = self.fresh().paused_at is not None
        self.verb(ops.pause, self.fresh(), possible=not is_paused)
        if is_paused:
            self.verb(ops.resume, self.fresh(), possible=True)
            self.verb(ops.resume, self.fresh(), possible=False)

    @precondition(lambda self: self.in_state(State.HELD))
    @rule(verb=st.sampled_from([ops.approve, ops.keep]))
    def decide(self, verb: Callable[..., Any]) -> None:
        possible = verb is ops.keep or not (self.active() or self.fresh().paused_at)
        run = self.held()
        self.verb(verb, run, "As I know.", possible=possible)
        if possible:
            self.verb(ops.keep, run, "Too late.", possible=False)

    # What time and machines do

    @precondition(lambda self: self.in_state(*SyncRun.ACTIVE))
    @rule()
    def work(self) -> None:
        self.slice({})

    def begin(self, *, full: bool) -> None:
        """A run is under way, if one can be."""
        if not self.active():
            self.sync(full)
            self.check()

    @rule(full=st.booleans(), lost=st.sampled_from(["", "", KEYS[:1], KEYS[1:5], KEYS]))
    def sync_to_the_end(self, full: bool, lost: str) -> None:
        if lost:
            self.rows_vanish(set(lost))
        self.begin(full=full)
        for _ in range(len(KEYS)):
            if (run := self.active()) and run.state == State.QUEUED:
                self.slice({})
                self.check()

    @rule(what=st.sampled_from([passes, never_passes, asks_to_wait, die]))
    def work_in_vain(self, what: Callable[[], None]) -> None:
        self.begin(full=True)
        self.slice({1: what})

    @rule(verb=st.sampled_from(["cancel", "pause_or_resume", "expire"]))
    def work_is_overtaken(self, verb: str) -> None:
        """While the worker waits for its page, the run is taken from it: it must leave no trace."""
        self.begin(full=True)
        after: list[Any] = []

        def overtake() -> None:
            if verb == "expire":
                expire(self.active())  # type: ignore[arg-type]  # somebody works on it
                due.start()
            else:
                getattr(self, verb)()
            self.check()
            after.extend((self.rows(), self.copy()))

        self.slice({1: overtake})
        assert not after or [self.rows(), self.copy()] == after, "a late worker has changed something"

    def slice(self, trouble: dict[int, Callable[[], None]]) -> None:
        run = self.active()
        if not run:  # the stream is paused
            return
        self.source.trouble = trouble
        self.may_mark = bool(run.may_delete)
        claimable = run.state in SyncRun.WAITING and run.due_at <= timezone.now()
        with suppress(Killed):
            tasks.run_sync(str(run.pk))
        self.source.trouble = {}
        run.refresh_from_db()
        if claimable:
            self.leases.append(leases.Lease(SyncRun, run.pk, run.lease_token))

    @precondition(lambda self: self.in_state(State.PARKED))
    @rule()
    def time_passes(self) -> None:
        for run in SyncRun.objects.filter(state__in=[State.PARKED, State.QUEUED]):
            make_due(run)

    @precondition(lambda self: self.in_state(State.HELD))
    @rule()
    def a_week_passes(self) -> None:
        run = self.held()
        assert run
        make_due(run)
        due.start()
        assert not self.held()

    @precondition(lambda self: self.in_state(State.RUNNING))
    @rule()
    def the_dead_are_found(self) -> None:
        run = self.active()
        assert run
        expire(run)
        due.start()

    @precondition(lambda self: self.leases)
    @rule()
    def a_late_writer_comes_back(self) -> None:
        running = {(run.pk, run.lease_token) for run in SyncRun.objects.filter(state=State.RUNNING)}
        for old in self.leases:
            if (old.pk, old.token) in running:
                continue
            before = self.rows()
            for write in (old.renew, lambda old=old: old.finish(State.FAILED), lambda old=old: old.wait(State.QUEUED)):
                with pytest.raises(leases.LostLease):
                    write()
            assert self.rows() == before

    # What happens at the source

    @rule(key=st.sampled_from(KEYS))
    def a_row_changes_or_comes(self, key: str) -> None:
        self.versions += 1
        self.clean = False
        self.source.put(key, title=f"Version {self.versions}")

    @rule(keys=st.sets(st.sampled_from(KEYS), min_size=1))
    def rows_vanish(self, keys: set[str]) -> None:
        self.clean = False
        self.source.remove(*keys)

    @rule(key=st.sampled_from(KEYS))
    def a_row_spoils_or_is_mended(self, key: str) -> None:
        self.clean = False
        self.source.bad ^= {key}

    @rule()
    def a_row_has_no_id(self) -> None:
        self.clean = False
        self.source.nameless = 1 - self.source.nameless

    # What holds

    def copy(self) -> dict[str, tuple[str, bool]]:
        rows = Record.objects.values_list("external_id", "title", "deleted_at")
        return {key: (title, moment is not None) for key, title, moment in rows}

    @invariant()
    def check(self) -> None:
        rows = self.rows()
        self.at_most_one_is_active(rows)
        for row in rows:
            self.states_follow_one_another(row)
            self.counters_add_up(row)
        self.gone_only_when_that_is_certain()

    def at_most_one_is_active(self, rows: list[dict[str, Any]]) -> None:
        active = [row for row in rows if row["state"] in SyncRun.ACTIVE]
        assert len(active) <= 1
        is_paused = Stream.objects.filter(pk=self.stream.pk).exclude(paused_at=None).exists()
        assert all((row["state"] == State.PAUSED) == is_paused for row in active)

    def states_follow_one_another(self, row: dict[str, Any]) -> None:
        pk, state = row["id"], row["state"]
        before = self.states.get(pk, State.QUEUED)
        assert state == before or state in MAY_BECOME[before], f"{before} became {state}"
        if pk in self.final:
            assert row == self.final[pk], "a run that has ended has changed"
        if state != before:
            self.came_into(state, pk)
        self.states[pk] = state
        if state in ENDED:
            self.final[pk] = row

    def came_into(self, state: str, pk: int) -> None:
        self.reached[state] += 1
        run = SyncRun.objects.get(pk=pk)
        last = run.events.last()
        assert last
        assert last.kind in TOLD.get(state, set(Kind)), f"{state} after “{last}”"
        if state in ENDED:
            assert run.finished_at
        if state in {State.PARKED, State.FAILED, State.HELD, State.CANCELLED}:
            assert run.failure_message
        if state == State.SUCCEEDED and run.mode == SyncRun.Mode.FULL and self.clean:
            self.the_copy_is_the_source()

    def the_copy_is_the_source(self) -> None:
        found = {key: title for key, (title, is_gone) in self.copy().items() if not is_gone}
        assert found == {key: item.fields["title"] for key, item in self.source.items.items()}

    def counters_add_up(self, row: dict[str, Any]) -> None:
        parts = ("created", "updated", "unchanged", "rejected", "skipped")
        assert row["items"] == sum(row[name] for name in parts)

    def gone_only_when_that_is_certain(self) -> None:
        """After a reading of everything that came to its end; of more than the guard allows only what was approved."""
        copy = self.copy()
        gone = {key for key, (_title, is_gone) in copy.items() if is_gone}
        if new := gone - self.gone:
            run = SyncRun.objects.get(
                pk=Record.objects.filter(external_id__in=new).values_list("last_run", flat=True)[0]
            )
            alive = len(copy) - len(gone) + len(new)
            assert run.read_at
            assert run.mode == SyncRun.Mode.FULL
            assert run.deleted >= len(new)
            assert len(new) * 100 <= GUARD_PERCENT * alive or self.may_mark
            assert not RecordError.objects.filter(run=run, external_id="").exists()
        self.gone = gone


@chance.examples(50, MANY)
def test_the_promises_of_a_run_hold_in_any_order(
    things: Stream, monkeypatch: pytest.MonkeyPatch, examples: int
) -> None:
    Stream.objects.filter(pk=things.pk).update(guard_percent=GUARD_PERCENT)
    Runs.stream, Runs.source, Runs.reached = things, Source(), Counter()
    system = system_of(Runs.source)
    monkeypatch.setattr(systems, "get", lambda _slug: system)
    Runs.source.put(*KEYS)
    Runs.copied = dict(Runs.source.items)
    assert sync(things).created == len(KEYS)
    monkeypatch.setattr(engine, "SLICE_S", 0.0)  # a slice is a page
    run_state_machine_as_test(
        Runs,
        settings=settings(
            max_examples=examples, stateful_step_count=8, deadline=None, suppress_health_check=[HealthCheck.too_slow]
        ),
    )
    print(f"came into {dict(Runs.reached)}")
    if examples == MANY:  # of fewer, chance may leave one out
        assert {*State} <= Runs.reached.keys()
