"""A delivery makes what it touches sync: once for a burst, once more after a run that was under way."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from integrations import due, ops, tasks
from integrations.models import Service, Stream, SyncRun, WebhookEvent
from tests.webhooks.conftest import Send, sign

REPOSITORY = {"full_name": "Octo-Org/Essays", "default_branch": "main"}


def push(ref: str = "refs/heads/main", **more: object) -> bytes:
    return json.dumps({"ref": ref, "repository": REPOSITORY, "after": "1" * 40, **more}).encode()


@pytest.fixture
def stream(github: Service) -> Stream:
    """The files of a repository; its service is checked only when asked."""
    github.options, github.check_every_minutes = {"repository": "octo-org/essays"}, 0
    github.save()
    return github.streams.get(name="files")


def deliver(send: Send, body: bytes | None = None, **headers: str) -> None:
    """It comes and is processed."""
    send(body or push(), **headers)
    tasks.process_event(str(WebhookEvent.objects.latest("received_at").pk))


def touched(stream: Stream) -> bool:
    return Stream.objects.filter(pk=stream.pk).exclude(touched_at=None).exists()


def settle(stream: Stream) -> None:
    """Let the burst be over, then look at what is due."""
    waiting = Stream.objects.filter(pk=stream.pk).exclude(touched_at=None)
    waiting.update(touched_at=timezone.now() - due.SETTLES - timedelta(seconds=1))
    due.start()


def end(run: SyncRun) -> None:
    SyncRun.objects.filter(pk=run.pk).update(state=SyncRun.State.SUCCEEDED)


def test_ten_pushes_in_a_burst_start_one_run(stream: Stream, send: Send) -> None:
    for _ in range(10):
        deliver(send)
    Stream.objects.filter(pk=stream.pk).update(touched_at=timezone.now())
    due.start()
    assert not SyncRun.objects.exists(), "there may be more to come"
    settle(stream)
    settle(stream)
    run = SyncRun.objects.get()
    assert (run.stream, run.trigger, run.events.get().note) == (stream, SyncRun.Trigger.WEBHOOK, "A delivery")
    first = WebhookEvent.objects.earliest("received_at")
    assert run.correlation_id == first.correlation_id, "one trail from the first delivery to the run"
    assert not touched(stream)


def test_a_push_during_a_run_starts_one_more_after_it(stream: Stream, send: Send) -> None:
    run = ops.sync(stream, SyncRun.Trigger.STAFF)
    deliver(send)
    deliver(send)
    settle(stream)
    assert SyncRun.objects.get() == run
    assert touched(stream)
    end(run)
    settle(stream)
    settle(stream)
    assert [run.trigger for run in SyncRun.objects.order_by("pk")] == ["staff", "webhook"]


def test_a_stream_that_rests_is_synced_when_it_goes_on(stream: Stream, send: Send) -> None:
    ops.pause(stream)
    deliver(send)
    settle(stream)
    assert not SyncRun.objects.exists()
    ops.resume(stream)
    settle(stream)
    assert SyncRun.objects.get().trigger == SyncRun.Trigger.WEBHOOK


def test_a_stream_that_is_off_is_left_alone(stream: Stream, send: Send) -> None:
    Stream.objects.update(enabled=False)
    deliver(send)
    assert not touched(stream)


def test_the_delivery_and_what_it_asks_for_are_stored_together(
    stream: Stream, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    def boom(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("integrations.webhooks.processing._close", boom)
    with pytest.raises(RuntimeError):
        deliver(send)
    assert not touched(stream)


@pytest.mark.parametrize(
    ("body", "kind", "options"),
    [
        (push("refs/heads/draft"), "push", {}),
        (push("refs/tags/main"), "push", {}),
        (push(), "push", {"branch": "live"}),
        (push(), "push", {"repository": "octo-org/other"}),
        (push(), "push", {"repository": ""}),
        (push(after="0" * 40), "push", {}),
        (push(repository=None), "push", {}),
        (push(), "issues", {}),
        (b"[]", "push", {}),
    ],
)
def test_what_does_not_concern_the_files_that_are_read_starts_nothing(
    stream: Stream, send: Send, body: bytes, kind: str, options: dict[str, str]
) -> None:
    Service.objects.update(options={"repository": "octo-org/essays", **options})
    deliver(send, body, HTTP_X_HUB_SIGNATURE_256=sign(body), HTTP_X_GITHUB_EVENT=kind)
    assert WebhookEvent.objects.get().state == ("succeeded" if kind == "push" else "ignored")
    assert not touched(stream)


def test_the_branch_in_the_options_is_the_one_that_counts(stream: Stream, send: Send) -> None:
    Service.objects.update(options={"repository": "octo-org/essays", "branch": "live"})
    deliver(send, push("refs/heads/live"))
    assert touched(stream)
