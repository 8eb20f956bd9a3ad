"""The page of everything that belongs together."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from integrations import ops, trail
from integrations.models import Call, Service, SyncRun
from tests.admin.asking import said
from tests.recorded import recorded
from tests.worker import work_off

AsPerson = Callable[[User], Client]


def address(correlation_id: uuid.UUID) -> str:
    return reverse("trail", args=[correlation_id])


@pytest.fixture
def run(cms: Service, operator: User) -> SyncRun:
    """A run that was really made, with its calls."""
    run = ops.sync(cms.streams.get(), SyncRun.Trigger.STAFF, operator)
    work_off()
    run.refresh_from_db()
    return run


def test_a_run_and_its_calls_are_one_trail_in_the_order_of_time(run: SyncRun) -> None:
    found = trail.of(run.correlation_id)
    assert found
    assert found.steps[0].row == run
    assert [step.row for step in found.steps[1:]] == list(run.calls.order_by("started_at", "pk"))
    assert found.steps[0].ended == run.finished_at
    assert all(found.began <= step.began <= step.ended for step in found.steps)


def test_the_page_names_who_asked_and_leads_to_each_row(run: SyncRun, viewer: User, as_person: AsPerson) -> None:
    shown = said(as_person(viewer), address(run.correlation_id))
    rows: list[Any] = [run, *run.calls.all()]
    for row in rows:
        assert f'href="{row.get_absolute_url()}"' in shown
    assert f"by {run.actor}" in shown


@pytest.mark.parametrize("kind", ["run", "call", "check"])
def test_one_click_leads_there(run: SyncRun, viewer: User, as_person: AsPerson, kind: str) -> None:
    check = ops.check(run.stream.service, "staff")
    work_off()
    rows: dict[str, Any] = {"run": run, "call": run.calls.all()[0], "check": check}
    row = rows[kind]
    assert f'href="{address(row.correlation_id)}"' in said(as_person(viewer), row.get_absolute_url())


def test_the_waits_of_a_call_lie_before_it(cms: Service) -> None:
    call = recorded(cms, duration_ms=30.0, backoff_ms=100.0, queue_ms=50.0, connect_ms=5.0, first_byte_ms=20.0)
    (step,) = trail.of(call.correlation_id).steps  # type: ignore[union-attr]
    assert step.began == call.started_at - timedelta(milliseconds=150)
    assert abs(step.ended - call.started_at - timedelta(milliseconds=30)) < timedelta(milliseconds=1)
    assert [colour for _label, colour, *_ in step.spans] == ["wait", "wait", "connect", "answer", "rest"]


def test_what_still_goes_on_lasts_until_now(cms: Service) -> None:
    waiting = ops.sync(cms.streams.get(), SyncRun.Trigger.STAFF)
    (step,) = trail.of(waiting.correlation_id).steps  # type: ignore[union-attr]
    assert step.spans[0][0] == "Waited for a worker"
    assert timezone.now() - step.ended < timedelta(minutes=1)


def test_of_very_many_calls_the_first_are_shown_and_it_is_said(
    run: SyncRun, viewer: User, as_person: AsPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trail, "MOST_CALLS", 1)
    shown = said(as_person(viewer), address(run.correlation_id))
    assert "All calls of this trail" in shown


def test_its_statements_do_not_grow_with_its_rows(run: SyncRun) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            trail.of(run.correlation_id)
        return len(queries)

    before = statements()
    for call in list(run.calls.all()) * 5:
        call.pk = None
        call.save(force_insert=True)
    assert statements() == before
    assert Call.objects.count() > 5


def test_nobody_knows_of_an_id_that_is_nowhere(viewer: User, as_person: AsPerson) -> None:
    assert as_person(viewer).get(address(uuid.uuid4())).status_code == 404


def test_who_may_not_see_calls_sees_no_trail(run: SyncRun, stranger: User, as_person: AsPerson) -> None:
    assert as_person(stranger).get(address(run.correlation_id)).status_code == 403
    assert Client().get(address(run.correlation_id)).status_code == 302
