"""Previews, plans, ranges and positions for a shell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from integrations.models import Essay, PositionChange, Service, Stream, SyncRun
from tests.worker import work_off


@pytest.fixture
def stream(cms: Service) -> Stream:
    """Read whole an hour ago."""
    Stream.objects.update(last_full_at=timezone.now() - timedelta(hours=1))
    return cms.streams.get()


def test_a_preview_is_made_and_its_plan_applied(stream: Stream, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("sync", "cms", "articles", "--preview")
    work_off()
    plan = SyncRun.objects.get()
    assert (plan.mode, plan.trigger, plan.created) == ("preview", "command", 240)
    assert not Essay.objects.exists()
    call_command("apply_plan", str(plan.pk))
    assert "240 to create, 0 to update, 0 to mark as gone." in capsys.readouterr().out
    work_off()
    assert Essay.objects.count() == 240
    with pytest.raises(CommandError, match="applies this plan already"):
        call_command("apply_plan", str(plan.pk))


def test_a_plan_that_is_none_is_refused(stream: Stream) -> None:
    with pytest.raises(CommandError, match="There is no run 7"):
        call_command("apply_plan", "7")


def test_a_range_is_backfilled(stream: Stream) -> None:
    call_command("sync", "cms", "articles", "--from", "2026-03-01", "--to", "2026-03-02")
    run = SyncRun.objects.get()
    assert (run.mode, run.since) == ("backfill", datetime(2026, 3, 1, tzinfo=UTC))
    assert run.until == datetime(2026, 3, 2, 23, 59, 59, 999999, tzinfo=UTC)


def test_a_range_without_an_end_ends_now(stream: Stream) -> None:
    before = timezone.now()
    call_command("sync", "cms", "articles", "--from", "2026-03-01T10:00Z")
    until = SyncRun.objects.get().until
    assert until
    assert before <= until <= timezone.now()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["cms", "--preview"], "Name the stream too"),
        (["cms", "--from", "2026-03-01"], "Name the stream too"),
        (["cms", "articles", "--to", "2026-03-01"], "Say with --from where it begins"),
        (["cms", "articles", "--from", "soon"], "“soon” is no moment. Write 2026-01-31"),
    ],
)
def test_what_cannot_be_meant_is_said(stream: Stream, arguments: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        call_command("sync", *arguments)
    assert not SyncRun.objects.exists()


def test_a_position_is_set_and_noted(stream: Stream, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("set_position", "cms", "articles", "2026-03-01")
    assert "what changed since then is read next" in capsys.readouterr().out
    change = PositionChange.objects.get()
    assert (change.after, change.actor) == (datetime(2026, 3, 1, tzinfo=UTC), None)
    with pytest.raises(CommandError, match="has not come yet"):
        call_command("set_position", "cms", "articles", "2999-01-01")
