"""An ended run is started over, in its own mode."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from integrations import ops
from integrations.models import Service, SyncRun

SINCE = {"since": "2026-01-02T03:04:05+00:00"}


def ended(service: Service, **values: object) -> SyncRun:
    return SyncRun.objects.create(
        stream=service.streams.get(), trigger="schedule", **{"state": "failed", "items": 7, **values}
    )


def test_what_changed_is_read_since_the_same_moment_and_not_from_where_it_stopped(cms: Service, operator: User) -> None:
    before = ended(cms, mode="incremental", checkpoint={**SINCE, "page": 3})
    run = ops.run_again(before, operator)
    assert (run.mode, run.checkpoint, run.carried, run.pass_of) == ("incremental", SINCE, 0, None)
    assert (run.trigger, run.actor, run.retry_of) == (SyncRun.Trigger.STAFF, operator, None)


def test_everything_is_read_again_also_where_what_changed_would_do(cms: Service) -> None:
    cms.streams.update(watermark=timezone.now(), last_full_at=timezone.now())
    run = ops.run_again(ended(cms, checkpoint={"page": 3}))
    assert (run.mode, run.checkpoint, run.trigger) == ("full", {}, SyncRun.Trigger.COMMAND)


@pytest.mark.parametrize("state", SyncRun.ACTIVE)
def test_a_run_that_has_not_ended_is_not_started_over(cms: Service, state: str) -> None:
    with pytest.raises(ops.Impossible, match="has not ended yet"):
        ops.run_again(ended(cms, state=state))
    assert SyncRun.objects.count() == 1
