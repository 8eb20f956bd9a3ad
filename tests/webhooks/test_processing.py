"""A stored delivery is processed once, tried again with growing waits, given up, replayed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from django_q.models import OrmQ

from integrations import due, leases, ops, tasks
from integrations.models import Attempt, Effect, Incident, Service, WebhookEvent
from integrations.systems.github import webhook
from integrations.transport.errors import Parked
from integrations.webhooks.processing import JITTER, WAITS_S
from tests.webhooks.conftest import Send


class Boom(Exception):
    pass


@pytest.fixture
def event(send: Send) -> WebhookEvent:
    send()
    return WebhookEvent.objects.get()


@pytest.fixture
def broken_handler(monkeypatch: pytest.MonkeyPatch) -> None:
    def handle(_: object) -> str:
        raise Boom("no luck \x00\ud800")

    monkeypatch.setattr(webhook, "handle", handle)


Process = Callable[[], datetime]


@pytest.fixture
def process(event: WebhookEvent) -> Process:
    """Runs the task as the queue would once the row is due; gives the moment it began."""

    def run() -> datetime:
        began = timezone.now()
        WebhookEvent.objects.filter(state="parked").update(due_at=began)
        tasks.process_event(str(event.pk))
        event.refresh_from_db()
        return began

    return run


def attempts(event: WebhookEvent) -> list[tuple[int, str]]:
    return list(event.attempts.values_list("number", "outcome"))


def test_a_success_leaves_a_summary_and_one_attempt(event: WebhookEvent, process: Process) -> None:
    process()
    assert (event.state, event.summary) == ("succeeded", "somebody pushed 1 commit to main of o/r")
    attempt = event.attempts.get()
    assert (attempt.number, attempt.outcome, attempt.message) == (1, "succeeded", event.summary)
    assert event.finished_at is not None
    assert attempt.finished_at is not None


def test_the_queue_may_deliver_twice(event: WebhookEvent, process: Process) -> None:
    process()
    process()
    assert attempts(event) == [(1, "succeeded")]


@pytest.mark.usefixtures("broken_handler")
def test_failures_park_with_growing_waits_and_then_give_up(event: WebhookEvent, process: Process) -> None:
    assert WAITS_S == (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600)
    for number, wait_s in enumerate(WAITS_S, start=1):
        began = process()
        assert event.state == "parked"
        longest = timedelta(seconds=wait_s * (1 + JITTER))
        assert began + timedelta(seconds=wait_s) <= event.due_at <= timezone.now() + longest
        assert attempts(event) == [(n, "failed") for n in range(1, number + 1)]
        assert "The handler failed: Boom: no luck" in event.failure_message
        assert not Incident.objects.exists()
    process()
    assert event.state == "dead"
    assert attempts(event) == [(n, "failed") for n in range(1, len(WAITS_S) + 2)]
    incident = Incident.objects.get()
    assert (incident.service, incident.kind, incident.state) == (event.service, "webhook", "open")
    assert "Boom" in incident.message
    process()
    assert len(attempts(event)) == len(WAITS_S) + 1, "what was given up is not tried again"


def test_a_handler_that_has_to_wait_frees_the_worker_and_goes_on_by_itself(
    event: WebhookEvent, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    until = timezone.now() + timedelta(minutes=10)

    def wait(_: object) -> str:
        raise Parked(until, "It answered 429.")

    with monkeypatch.context() as patched:
        patched.setattr(webhook, "handle", wait)
        for _ in range(len(WAITS_S) + 2):  # however often: nothing failed
            process()
            assert (event.state, event.due_at) == ("parked", until)
    assert event.failure_message == "It answered 429. Goes on by itself."
    process()
    assert event.state == "succeeded"
    assert [outcome for _, outcome in attempts(event)] == ["parked"] * (len(WAITS_S) + 2) + ["succeeded"]


@pytest.mark.usefixtures("broken_handler")
def test_a_parked_event_is_not_tried_before_it_is_due(event: WebhookEvent, process: Process) -> None:
    process()
    tasks.process_event(str(event.pk))
    assert attempts(event) == [(1, "failed")]


@pytest.mark.usefixtures("broken_handler")
def test_a_parked_event_is_rung_when_it_is_due(event: WebhookEvent, process: Process) -> None:
    process()
    OrmQ.objects.all().delete()
    due.start()
    assert bells() == 0
    WebhookEvent.objects.update(due_at=timezone.now())
    due.start()
    assert bells() == 1


def bells() -> int:
    return [bell.func() for bell in OrmQ.objects.all()].count("integrations.tasks.process_event")


def told(event: WebhookEvent) -> list[tuple[str, str, str]]:
    return list(event.attempts.values_list("trigger", "actor_name", "reason"))


@pytest.mark.usefixtures("broken_handler")
def test_each_attempt_says_what_asked_for_it(event: WebhookEvent, process: Process, operator: User) -> None:
    process()
    assert leases.claim(WebhookEvent, event.pk) is None, "it is not due"
    WebhookEvent.objects.update(due_at=timezone.now())
    assert leases.claim(WebhookEvent, event.pk)
    WebhookEvent.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    due.start()
    process()
    give_up(process)
    ops.replay(event, operator, "It was mended.")
    process()
    process()
    first, *others = told(event)
    assert first == ("initial", "", "")
    assert others[0] == ("sweep", "", "")
    assert set(others[1:-2]) == {("automatic", "", "")}
    assert others[-2:] == [("manual", "operator", "It was mended."), ("automatic", "", "")]


def test_a_lost_bell_is_rung_again_and_said(event: WebhookEvent, process: Process) -> None:
    OrmQ.objects.all().delete()
    WebhookEvent.objects.update(enqueued_at=timezone.now() - timedelta(seconds=119))
    due.start()
    assert bells() == 1
    process()
    assert told(event) == [("sweep", "", "")]


@pytest.mark.usefixtures("broken_handler")
def test_failures_and_deaths_have_a_limit_each(event: WebhookEvent, process: Process) -> None:
    for _ in range(len(WAITS_S)):
        process()
    for _ in range(due.MOST_DEATHS - 1):
        WebhookEvent.objects.update(due_at=timezone.now())
        assert leases.claim(WebhookEvent, event.pk)
        WebhookEvent.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        due.start()
    event.refresh_from_db()
    assert (event.state, event.deaths) == ("queued", due.MOST_DEATHS - 1)


def effect_of(event: WebhookEvent) -> tuple[str, int]:
    effect = Effect.objects.get(event=event)
    return effect.handler, effect.times


def test_what_is_handled_leaves_one_effect_and_a_replay_repeats_it(event: WebhookEvent, process: Process) -> None:
    process()
    assert effect_of(event) == ("github.push", 1)
    ops.replay(event)
    process()
    assert effect_of(event) == ("github.push", 2)


def test_an_effect_that_is_there_is_not_repeated_by_itself(event: WebhookEvent, process: Process) -> None:
    process()
    WebhookEvent.objects.update(state="queued", due_at=timezone.now(), trigger="sweep")
    process()
    assert event.state == "succeeded"
    assert effect_of(event) == ("github.push", 1)


def test_what_nobody_handles_is_kept_and_replayed_once_somebody_does(
    send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(HTTP_X_GITHUB_EVENT="issues")
    event = WebhookEvent.objects.get()
    tasks.process_event(str(event.pk))
    event.refresh_from_db()
    assert (event.state, event.summary, attempts(event)) == ("ignored", "issues in o/r", [(1, "ignored")])
    assert not Effect.objects.exists()
    monkeypatch.setattr(webhook, "HANDLES", {"issues"})
    ops.replay(event)
    tasks.process_event(str(event.pk))
    event.refresh_from_db()
    assert (event.state, effect_of(event)) == ("succeeded", ("github.issues", 1))


def test_while_processing_is_paused_deliveries_are_stored_and_held_and_go_on_when_it_is_resumed(
    send: Send, github: Service, operator: User
) -> None:
    send()
    ops.pause_events(github, operator)
    send(b'{"another": "body"}')  # the same would be a suspected replay
    before, after = WebhookEvent.objects.order_by("received_at")
    tasks.process_event(str(before.pk))
    for event in (before, after):
        event.refresh_from_db()
        assert (event.state, event.held_because, event.attempts.count()) == ("held", "paused", 0)
    due.start()
    assert WebhookEvent.objects.filter(state="held").count() == 2
    assert ops.resume_events(github) == 2
    OrmQ.objects.all().delete()
    due.start()
    assert bells() == 2
    for event in (before, after):
        tasks.process_event(str(event.pk))
        event.refresh_from_db()
        assert (event.state, event.held_because, attempts(event)) == ("succeeded", "", [(1, "succeeded")])


def test_one_event_can_be_tried_while_its_service_is_paused(event: WebhookEvent, process: Process) -> None:
    ops.pause_events(event.service)
    process()
    ops.replay(event)
    process()
    assert event.state == "succeeded"
    assert told(event) == [("manual", "the command line", "")]


def test_a_suspect_waits_for_somebody_and_its_processing_is_no_replay(event: WebhookEvent, process: Process) -> None:
    WebhookEvent.objects.update(state="held", held_because="suspect")
    due.start()
    process()
    assert event.state == "held"
    ops.replay(event)
    process()
    assert (event.state, event.held_because, event.replays) == ("succeeded", "", 0)


@pytest.mark.parametrize("state", WebhookEvent.PENDING)
def test_what_waits_can_be_cancelled_and_replayed_later(event: WebhookEvent, process: Process, state: str) -> None:
    WebhookEvent.objects.update(state=state)
    ops.cancel_event(event)
    process()
    assert (event.state, event.failure_message) == ("cancelled", "Cancelled on the command line.")
    with pytest.raises(ops.Impossible, match="does not wait any more"):
        ops.cancel_event(event)
    ops.replay(event)
    process()
    assert event.state == "succeeded"


def give_up(process: Process) -> None:
    for _ in range(len(WAITS_S) + 1):
        process()


def test_a_replay_of_a_dead_event_runs_once_more_and_closes_the_incident(
    event: WebhookEvent, process: Process, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(webhook, "handle", lambda _: 1 / 0)
        give_up(process)
    ops.replay(event, operator)
    event.refresh_from_db()
    assert (event.state, event.claims, event.actor) == ("queued", 0, operator)
    process()
    assert event.state == "succeeded"
    last = event.attempts.latest("number")
    assert (last.number, last.outcome, last.actor_name) == (len(WAITS_S) + 2, "succeeded", "operator")
    assert Incident.objects.get().state == "resolved"


@pytest.mark.usefixtures("broken_handler")
def test_a_replay_that_fails_has_all_its_attempts_again(event: WebhookEvent, process: Process) -> None:
    give_up(process)
    ops.replay(event)
    process()
    assert event.state == "parked"


def test_a_double_replay_is_refused(event: WebhookEvent, process: Process) -> None:
    process()
    ops.replay(event)
    with pytest.raises(ops.Impossible, match="already waiting"):
        ops.replay(event)
    process()
    process()
    assert attempts(event) == [(1, "succeeded"), (2, "succeeded")]


def test_what_waits_or_runs_cannot_be_replayed(event: WebhookEvent) -> None:
    with pytest.raises(ops.Impossible):
        ops.replay(event)
    assert leases.claim(WebhookEvent, event.pk)
    with pytest.raises(ops.Impossible):
        ops.replay(event)


def test_the_open_attempt_of_a_dead_worker_is_closed(event: WebhookEvent, process: Process) -> None:
    assert leases.claim(WebhookEvent, event.pk)
    Attempt.objects.create(event=event, number=1)
    WebhookEvent.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    due.start()
    process()
    assert attempts(event) == [(1, "failed"), (2, "succeeded")]
    died = event.attempts.get(number=1)
    assert died.message == "The worker died."
    assert died.finished_at is not None


def test_an_event_that_kills_every_worker_is_given_up(event: WebhookEvent) -> None:
    for _ in range(due.MOST_DEATHS):
        assert leases.claim(WebhookEvent, event.pk)
        WebhookEvent.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        due.start()
    event.refresh_from_db()
    assert (event.state, event.failure_code) == ("dead", "worker_died")
    assert Incident.objects.get().code == "worker_died"


def test_a_worker_that_comes_back_too_late_changes_nothing(
    event: WebhookEvent, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken_over(_: object) -> str:
        WebhookEvent.objects.update(lease_token=99)
        return "too late"

    monkeypatch.setattr(webhook, "handle", taken_over)
    process()
    assert (event.state, event.summary) == ("running", "")
    assert not event.attempts.filter(outcome="succeeded").exists()
