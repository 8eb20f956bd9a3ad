"""Replay, cancel, pause and resume for a shell."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from integrations.models import BulkOperation, Service, WebhookEvent

Said = pytest.CaptureFixture[str]


@pytest.fixture
def event(github: Service) -> WebhookEvent:
    return WebhookEvent.objects.create(service=github, delivery_id="id:one", event_type="push", state="dead", body=b"1")


def test_a_dry_run_says_what_it_would_touch_and_does_nothing(event: WebhookEvent, capsys: Said) -> None:
    call_command("replay", "--filter", "state=dead", "service=github", "--dry-run")
    said = capsys.readouterr().out
    assert said.startswith("state=dead service=github: 1 events, at least 0 s.\n  1 push from GitHub\n")
    assert f"for example {event.pk} push one, gave up" in said
    assert said.endswith("Nothing was done.\n")
    call_command("replay", "--event", str(event.pk), "--dry-run")
    assert not BulkOperation.objects.exists()
    event.refresh_from_db()
    assert event.state == "dead"


def test_all_that_match_are_replayed_with_a_reason(event: WebhookEvent, capsys: Said) -> None:
    with pytest.raises(CommandError, match="Say why"):
        call_command("replay", "--filter", "all")
    call_command("replay", "--filter", "state=dead", "--reason", "Mended.")
    operation = BulkOperation.objects.get()
    assert (operation.verb, operation.filter["state"], operation.reason) == ("replay", "dead", "Mended.")
    assert operation.actor_name == "the command line"
    assert f"{operation} is started." in capsys.readouterr().out


def test_what_waits_is_cancelled(event: WebhookEvent) -> None:
    with pytest.raises(CommandError, match="Nothing that waits matches"):
        call_command("replay", "--filter", "all", "--cancel-pending", "--reason", "A flood.")
    WebhookEvent.objects.update(state="parked")
    call_command("replay", "--filter", "all", "--cancel-pending", "--reason", "A flood.")
    assert BulkOperation.objects.get().verb == "cancel"
    call_command("replay", "--event", str(event.pk), "--cancel-pending")
    event.refresh_from_db()
    assert event.state == "cancelled"


def test_one_event_is_replayed(event: WebhookEvent, capsys: Said) -> None:
    call_command("replay", "--event", str(event.pk), "--reason", "Mended.")
    event.refresh_from_db()
    assert (event.state, event.trigger, event.reason) == ("queued", "manual", "Mended.")
    assert capsys.readouterr().out == "push one will be processed again.\n"
    with pytest.raises(CommandError, match="already waiting"):
        call_command("replay", "--event", str(event.pk))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--event", "x"], "There is no event x"),
        (["--event", "00000000-0000-0000-0000-000000000000"], "There is no event 0000"),
        (["--filter", "dead"], "“dead” is no filter. Write it as state=dead"),
        (["--filter", "state=ded"], "There is no state “ded”"),
        (["--filter", "color=red"], "There is no filter “color”"),
    ],
)
def test_what_makes_no_sense_is_said(event: WebhookEvent, arguments: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("replay", *arguments, "--reason", "x")


def test_processing_is_paused_and_resumed(github: Service, capsys: Said) -> None:
    call_command("events", "pause", "github")
    github.refresh_from_db()
    assert (github.events_paused_at is None, github.events_paused_by) == (False, "the command line")
    with pytest.raises(CommandError, match="paused already"):
        call_command("events", "pause", "github")
    call_command("events", "resume", "github")
    with pytest.raises(CommandError, match="is not paused"):
        call_command("events", "resume", "github")
    assert capsys.readouterr().out.endswith("is resumed; 0 events held back go on.\n")
