"""The plan of a preview is done as it was planned, once, and where rows are still as they were."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations import leases, ops, systems
from integrations.models import Call, Change, Record, Stream, SyncRun
from integrations.sync import applying, engine
from integrations.sync.upsert import upsert
from tests import chance
from tests.sync.planning import planned, preview, rows
from tests.sync.source import Source, die, retry, sync, system_of, work

STAFF = SyncRun.Trigger.STAFF


def apply_plan(plan: SyncRun) -> SyncRun:
    return work(ops.apply_plan(SyncRun.objects.get(pk=plan.pk), STAFF))


def contents() -> dict[str, Any]:
    """What people see of the rows."""
    found = Record.objects.values_list(
        "external_id", "title", "data", "source_modified_at", "content_hash", "deleted_at"
    )
    return {key: (*values, deleted is None) for key, *values, deleted in found}


def test_it_does_what_was_planned_and_asks_nobody(moved: Source, things: Stream) -> None:
    plan = preview(things)
    moved.put("a", title="Changed after the preview")
    asked = len(moved.asked)
    run = apply_plan(plan)
    assert (run.state, run.mode, run.plan, run.total) == ("succeeded", "apply", plan, 3)
    assert (run.items, run.created, run.updated, run.deleted, run.rejected) == (3, 1, 1, 1, 0)
    assert {key: row[0] for key, row in contents().items()} == {
        **dict.fromkeys("acdefg", "A title"),
        "b": "Another title",
    }
    assert set(Record.objects.exclude(deleted_at=None).values_list("external_id", flat=True)) == {"c"}
    assert len(moved.asked) == asked
    assert not Call.objects.exists()


def test_its_changes_are_those_of_rows(moved: Source, things: Stream) -> None:
    run = apply_plan(preview(things))
    change = run.changes.get(kind="updated")
    assert (change.object_id, change.planned) == (Record.objects.get(external_id="b").pk, False)
    assert change.diff["title"] == ["A title", "Another title"]


def test_more_gone_than_the_guard_allows_is_marked_as_the_plan_says(moved: Source, things: Stream) -> None:
    Stream.objects.update(guard_percent=0, guard_rows=0)
    assert apply_plan(preview(things)).deleted == 1


def test_it_leaves_the_position_alone(moved: Source, things: Stream) -> None:
    plan = preview(things)
    before = Stream.objects.filter(pk=things.pk).values().get()
    apply_plan(plan)
    assert Stream.objects.filter(pk=things.pk).values().get() == before


@pytest.mark.parametrize("key", ["b", "c"])
def test_a_row_that_changed_since_is_left_alone_and_no_other(moved: Source, things: Stream, key: str) -> None:
    plan = preview(things)
    Record.objects.filter(external_id=key).update(title="By another hand", content_hash="other")
    run = apply_plan(plan)
    assert (run.state, run.rejected, run.items) == ("warned", 1, 3)
    left = "1 of the planned changes were left alone: their rows are no longer as they were."
    assert run.warnings == [f"{left} {applying.AGAIN}"]
    row = Record.objects.get(external_id=key)
    assert (row.title, row.deleted_at) == ("By another hand", None)
    change = run.changes.get(kind=Change.Kind.REJECTED)
    assert (change.external_id, change.object_id) == (key, row.pk)
    assert change.diff == {"": ["", "Its row has changed since the preview."]}


def test_a_row_that_appeared_disappeared_or_was_marked_as_gone_since_is_left_alone(
    moved: Source, things: Stream
) -> None:
    plan = preview(things)
    row = Record.objects.get(external_id="a")
    Record.objects.create(service=row.service, stream=things, external_id="g", title="First", synced_at=timezone.now())
    Record.objects.filter(external_id="b").delete()
    Record.objects.filter(external_id="c").update(deleted_at=timezone.now())
    run = apply_plan(plan)
    assert (run.created, run.updated, run.deleted, run.rejected) == (0, 0, 0, 3)
    reasons = dict(run.changes.values_list("external_id", "diff"))
    assert {key: diff[""][1] for key, diff in reasons.items()} == {
        "g": "A row of it came since the preview.",
        "b": "Its row is no longer here.",
        "c": "Its row has changed since the preview.",
    }
    assert Record.objects.get(external_id="g").title == "First"


def test_it_goes_on_over_slices_and_deaths(moved: Source, things: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = preview(things)
    monkeypatch.setattr(engine, "SLICE_S", 0.0)
    monkeypatch.setattr(applying, "AT_ONCE", 1)
    real, deaths = upsert, [die]

    def dying(*args: Any) -> Any:
        counts = real(*args)
        if deaths:
            deaths.pop()()
        return counts

    monkeypatch.setattr(applying, "upsert", dying)
    run = apply_plan(plan)
    assert (run.state, run.lost, run.pages) == ("succeeded", 1, 3)
    assert (run.created, run.updated, run.deleted, run.rejected) == (1, 1, 1, 0)


def test_one_that_was_cancelled_goes_on_with_a_retry(
    moved: Source, things: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applying, "AT_ONCE", 1)
    monkeypatch.setattr(engine, "SLICE_S", 0.0)
    plan = preview(things)
    run = ops.apply_plan(plan, STAFF)
    engine.run(_claim(run))
    ops.cancel(run)
    run.refresh_from_db()
    assert run.items == 1
    with pytest.raises(ops.Impossible, match="applies this plan already"):
        ops.apply_plan(plan, STAFF)
    again = retry(run)
    assert (again.carried, again.items, again.rejected, again.percent) == (1, 2, 0, 100)
    with pytest.raises(ops.Impossible, match="goes on with this plan already"):
        ops.retry(run)
    with pytest.raises(ops.Impossible, match="is applied already"):
        ops.retry(again)


def _claim(run: SyncRun) -> leases.Lease:
    lease = leases.claim(SyncRun, run.pk)
    assert lease
    return lease


def test_a_plan_is_applied_once(moved: Source, things: Stream) -> None:
    plan = preview(things)
    run = apply_plan(plan)
    with pytest.raises(ops.Impossible, match=f"{run} applies this plan already"):
        ops.apply_plan(plan, STAFF)


def test_a_plan_is_good_for_seven_days(moved: Source, things: Stream) -> None:
    plan = preview(things)
    old = timezone.now() - applying.GOOD_FOR - timedelta(seconds=1)
    SyncRun.objects.filter(pk=plan.pk).update(finished_at=old)
    plan.refresh_from_db()
    with pytest.raises(ops.Impossible, match=r"older than 7 days\. Press “Preview sync”"):
        ops.apply_plan(plan, STAFF)


def test_what_is_no_whole_plan_is_refused(source: Source, things: Stream) -> None:
    source.put("a")
    plan = ops.preview(things, STAFF)
    with pytest.raises(ops.Impossible, match="Wait for it"):
        ops.apply_plan(plan, STAFF)
    ops.cancel(plan)
    plan.refresh_from_db()
    with pytest.raises(ops.Impossible, match="its plan is not whole"):
        ops.apply_plan(plan, STAFF)
    run = sync(things)
    with pytest.raises(ops.Impossible, match="no preview"):
        ops.apply_plan(run, STAFF)
    with pytest.raises(ops.Impossible, match="nothing to apply"):
        ops.apply_plan(preview(things), STAFF)


ITEMS = st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from(["One", "Two", "x" * 300]), max_size=8)
TOUCHED = st.sets(st.sampled_from("abcdefgh"), max_size=2)


def fill(source: Source, items: dict[str, str]) -> None:
    source.items.clear()
    for key, title in items.items():
        source.put(key, title=title, stamp=timezone.now() - timedelta(days=ord(key)))


@chance.examples(20, 60)
def test_a_preview_and_its_application_leave_what_a_sync_leaves(
    things: Stream, monkeypatch: pytest.MonkeyPatch, examples: int
) -> None:
    Stream.objects.update(guard_percent=100, guard_rows=1000, error_budget_percent=100)
    source = Source()
    system = system_of(source)
    monkeypatch.setattr(systems, "get", lambda _slug: system)

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(ITEMS, ITEMS, ITEMS, TOUCHED)
    def leaves_the_same(before: dict[str, str], first: dict[str, str], then: dict[str, str], touched: set[str]) -> None:
        _apply_and_compare(things, source, (before, first, then), touched)

    leaves_the_same()


def _apply_and_compare(
    things: Stream, source: Source, contents_of_source: tuple[dict[str, str], ...], touched: set[str]
) -> None:
    """Two syncs, then a preview of the third; some rows are changed by another hand before it is applied."""
    *synced, then = contents_of_source
    with transaction.atomic():
        for items in synced:
            fill(source, items)
            sync(things, full=True)
        fill(source, then)
        untouched = rows()
        plan = preview(things)
        assert rows() == untouched
        wanted = _synced(things, plan)
        changed = Record.objects.filter(external_id__in=touched)
        changed.update(content_hash="by another hand", title="By another hand")
        for key in changed.values_list("external_id", flat=True):
            wanted[key] = contents()[key]
        if plan.created + plan.updated + plan.deleted:
            run = apply_plan(plan)
            refused = {key for kind, key in planned(plan) if kind not in {"rejected", "created"}} & touched
            assert set(run.changes.filter(kind="rejected").values_list("external_id", flat=True)) == refused
        assert contents() == wanted
        transaction.set_rollback(True)


def _synced(stream: Stream, plan: SyncRun) -> dict[str, Any]:
    """What a sync would leave; it is undone."""
    with transaction.atomic():
        run = sync(stream, full=True)
        if run.state == SyncRun.State.HELD:  # nothing came, and applying a plan approves that
            ops.approve(run, "Indeed.")
            run.refresh_from_db()
            work(run)
        assert [getattr(run, name) for name in ("created", "updated", "unchanged", "deleted", "rejected")] == [
            getattr(plan, name) for name in ("created", "updated", "unchanged", "deleted", "rejected")
        ]
        found = contents()
        transaction.set_rollback(True)
    return found
