"""The verbs of the error inbox for a shell."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from integrations.models import RecordError, Service, SyncRun


@pytest.fixture
def errors(cms: Service) -> list[RecordError]:
    """Two open ones."""
    stream = cms.streams.get()
    run = SyncRun.objects.create(stream=stream, trigger="command", state="partial")
    return [RecordError.objects.create(stream=stream, run=run, external_id=key, key=key, reason="Odd.") for key in "ab"]


def test_items_are_retried_by_their_numbers(errors: list[RecordError], capsys: pytest.CaptureFixture[str]) -> None:
    call_command("inbox", "retry", *(str(error.pk) for error in errors))
    run = SyncRun.objects.get(mode="items")
    assert sorted(run.chosen) == ["a", "b"]
    assert capsys.readouterr().out == f"{run} is waiting for a worker.\n"
    with pytest.raises(CommandError, match="already being synced"):
        call_command("inbox", "retry", str(errors[0].pk))


def test_items_are_skipped_with_a_reason_and_counted_again(
    errors: list[RecordError], capsys: pytest.CaptureFixture[str]
) -> None:
    first = str(errors[0].pk)
    with pytest.raises(CommandError, match="Say why: --reason"):
        call_command("inbox", "skip", first)
    call_command("inbox", "skip", first, "--reason", "A draft.")
    found = RecordError.objects.get(pk=first)
    assert (found.state, found.decided_by, found.decision) == ("skipped", "the command line", "A draft.")
    with pytest.raises(CommandError, match="Only open items can be skipped"):
        call_command("inbox", "skip", first, "--reason", "A draft.")
    call_command("inbox", "count_again", first)
    assert RecordError.objects.get(pk=first).state == "open"
    assert capsys.readouterr().out == "1 skipped for ever.\n1 counted again.\n"


def test_too_many_at_once_are_refused(errors: list[RecordError], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.ops.inbox.MOST_CHOSEN", 1)
    with pytest.raises(CommandError, match=r"2 items are too many at once\. Choose up to 1, or sync everything"):
        call_command("inbox", "retry", *(str(error.pk) for error in errors))
    assert not SyncRun.objects.filter(mode="items").exists()
