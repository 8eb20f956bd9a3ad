"""Whatever happens to a source and to the runs that copy it, in the end the rows are what the source has."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from integrations import ops, systems
from integrations.models import Record, Stream, SyncRun
from integrations.sync import engine
from tests import chance
from tests.sync.source import Source, die, falter, refuse, retry, sync, system_of, work

KEYS = "abcde"
LAG_S = 300


class Step(NamedTuple):
    """Something that happens."""

    what: str
    value: Any = None


CHANGES = st.builds(Step, st.sampled_from(["put", "put", "remove"]), st.sampled_from(KEYS))
WAITS = st.builds(Step, st.just("wait"), st.sampled_from([1, 2 * LAG_S, 2 * LAG_S, 25 * 3600]))
ENDS = st.sampled_from([Step("refuse"), Step("falter"), Step("die")])
# What happens before the pages of these numbers are given.
TROUBLE = st.dictionaries(st.integers(1, 3), st.lists(CHANGES | WAITS | ENDS, min_size=1, max_size=3), max_size=3)
RUNS = st.builds(Step, st.sampled_from(["sync", "sync", "everything", "retry", "retry"]), TROUBLE)
STEPS = st.lists(CHANGES | WAITS | RUNS | RUNS, min_size=2, max_size=10)


@dataclass
class World:
    """A source, its copy, and what is known of both."""

    source: Source
    stream: Stream
    versions: int = 0
    last: SyncRun | None = None
    changed: bool = False  # since the reading began that the last run belongs to
    before: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)  # at any time; it may be back by now
    passed: timedelta = timedelta()

    def happens(self, step: Step) -> None:
        getattr(self, step.what)(step.value)

    def wait(self, seconds: int) -> None:
        self.passed += timedelta(seconds=seconds)

    def refuse(self, _: None) -> None:
        refuse()

    def falter(self, _: None) -> None:
        falter()

    def die(self, _: None) -> None:
        die()

    def put(self, key: str) -> None:
        self.versions, self.changed = self.versions + 1, True
        self.source.put(key, title=f"Version {self.versions}")

    def remove(self, key: str) -> None:
        self.changed = True
        self.removed.add(key)
        self.source.remove(key)

    def sync(self, trouble: Any) -> None:
        self.changed = False
        self._ran(lambda: sync(self.stream), trouble)

    def everything(self, trouble: Any) -> None:
        self.changed = False
        self._ran(lambda: self._approved(sync(self.stream, full=True)), trouble)

    def _approved(self, run: SyncRun) -> SyncRun:
        """Whatever it asks about, ended."""
        if run.state != SyncRun.State.HELD:
            return run
        return work(SyncRun.objects.get(pk=ops.approve(run, "It is gone indeed.").pk))

    def retry(self, trouble: Any) -> None:
        failed = self.last
        if not failed:
            return
        if failed.state != SyncRun.State.FAILED:
            self.changed = False
        self._ran(lambda: retry(failed), trouble)

    def _ran(self, verb: Any, trouble: Any) -> None:
        self.before, self.source.trouble = (
            self.alive(),
            {number: self._once(number, steps) for number, steps in trouble.items()},
        )
        self.last = verb()
        self.check(self.last)

    def _once(self, number: int, steps: list[Step]) -> Any:
        def do() -> None:
            del self.source.trouble[number]
            for step in steps:
                self.happens(step)

        return do

    def alive(self) -> set[str]:
        return set(Record.objects.filter(deleted_at=None).values_list("external_id", flat=True))

    def check(self, run: SyncRun) -> None:
        if run.state == SyncRun.State.FAILED:
            lost = self.before - self.alive()
            assert lost <= self.removed, "an incomplete run marked what nobody had called gone"
            assert not lost or self.source.tells_gone
        elif not self.changed:
            self.check_copy(exactly=run.mode == SyncRun.Mode.FULL and not run.withheld)

    def check_copy(self, *, exactly: bool) -> None:
        found = dict(Record.objects.filter(deleted_at=None).values_list("external_id", "title"))
        wanted = {key: item.fields["title"] for key, item in self.source.items.items()}
        assert {key: found.get(key) for key in wanted} == wanted
        if exactly or self.source.tells_gone:
            assert found == wanted


# A page that was read changes, and later one that was not, which is read: the first change must not be missed.
UNDER_A_RUN = [Step("put", "a"), Step("wait", 2 * LAG_S), Step("put", "e")]
WHILE_IT_READS = [Step("sync", {2: UNDER_A_RUN})]
BEFORE_THE_RETRY = [Step("sync", {2: [Step("refuse")]}), *UNDER_A_RUN, Step("retry", {})]


@pytest.mark.parametrize("slice_s", [30.0, 0.0])
@chance.examples(10, 80)
def test_any_story_ends_with_the_rows_that_the_source_has(things: Stream, slice_s: float, examples: int) -> None:
    @example(steps=WHILE_IT_READS, tells_gone=False, skew=0)
    @example(steps=BEFORE_THE_RETRY, tells_gone=False, skew=0)
    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(steps=STEPS, tells_gone=st.booleans(), skew=st.sampled_from([0, -LAG_S + 1, LAG_S - 1]))
    def story(steps: list[Step], tells_gone: bool, skew: int) -> None:
        happens(things, slice_s, Source(tells_gone=tells_gone, skew=timedelta(seconds=skew)), steps)

    story()


def happens(things: Stream, slice_s: float, source: Source, steps: list[Step]) -> None:
    """The story, with two readings at its end that nothing disturbs."""
    world = World(source, things)
    system, now = system_of(world.source), timezone.now
    with pytest.MonkeyPatch.context() as patch, transaction.atomic():
        patch.setattr(systems, "get", lambda _slug: system)
        patch.setattr(engine, "SLICE_S", slice_s)
        patch.setattr(timezone, "now", lambda: now() + world.passed)
        first, last = (Step("put", key) for key in KEYS), (Step(verb, {}) for verb in ("sync", "everything"))
        for step in (*first, Step("sync", {}), *steps, *last):
            world.happens(step)
        world.check_copy(exactly=True)
        transaction.set_rollback(True)
