"""Calls are kept as long as their service says, old secrets as long as they are valid, cached answers while of use."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from integrations import credentials, retention, tasks
from integrations.models import (
    Attempt,
    CachedAnswer,
    Call,
    CallBody,
    Change,
    Credential,
    HealthCheck,
    HealthDay,
    RecordError,
    Service,
    Stream,
    SyncRun,
    WebhookEvent,
)
from integrations.rollups import writing
from tests.essays import essay_of


def call(service: Service, age_days: float) -> Call:
    made = Call.objects.create(
        service=service,
        operation="try",
        method="GET",
        url="http://127.0.0.1/",
        outcome="ok",
        started_at=timezone.now() - timedelta(days=age_days),
        duration_ms=1.0,
        trigger="command",
        correlation_id=uuid.uuid4(),
    )
    CallBody.objects.create(call=made)
    return made


def purge() -> int:
    writing.roll_up()  # no call goes before that
    return sum(retention.forget())


def test_what_is_past_its_time_goes_and_nothing_else(cms: Service, github: Service) -> None:
    Service.objects.filter(pk=cms.pk).update(retention_days=7)
    old, young = call(cms, 7.1), call(cms, 6.9)
    kept_longer = call(github, 7.1)
    purge()
    assert set(Call.objects.all()) == {young, kept_longer}
    assert not CallBody.objects.filter(pk=old.pk).exists()


def test_bodies_go_before_their_calls(cms: Service) -> None:
    Service.objects.update(keep_bodies_days=3)
    old, young = call(cms, 3.1), call(cms, 2.9)
    purge()
    assert set(Call.objects.all()) == {old, young}
    assert [body.pk for body in CallBody.objects.all()] == [young.pk]


def test_what_failed_is_kept_longer(cms: Service) -> None:
    Service.objects.update(retention_days=7, keep_bodies_days=7, keep_failures_days=30)
    too_old, fine, failed = call(cms, 31), call(cms, 8.5), call(cms, 8)
    Call.objects.filter(pk__in=[failed.pk, too_old.pk]).update(outcome="failed")
    purge()
    assert list(Call.objects.all()) == [failed]
    assert [body.pk for body in CallBody.objects.all()] == [failed.pk]
    assert fine


def test_under_legal_hold_nothing_goes(cms: Service) -> None:
    Service.objects.update(legal_hold=True)
    call(cms, 3000)
    assert purge() == 0
    assert Call.objects.exists()
    assert [count for _service, _kind, count in retention.report()] == [0] * len(retention.KINDS)


def test_events_that_have_ended_go_with_their_attempts(github: Service) -> None:
    Service.objects.update(keep_events_days=7, keep_failures_days=30)

    def event(age_days: float, state: str) -> WebhookEvent:
        then = timezone.now() - timedelta(days=age_days)
        ended = None if state == "queued" else then
        made = WebhookEvent.objects.create(
            service=github, delivery_id=str(uuid.uuid4()), body=b"{}", received_at=then, state=state, finished_at=ended
        )
        made.attempts.create(number=1)
        return made

    event(8, "succeeded")
    event(31, "dead")
    kept = {event(6, "succeeded"), event(8, "dead"), event(8, "queued")}
    purge()
    assert set(WebhookEvent.objects.all()) == kept
    assert Attempt.objects.count() == len(kept)


def test_changes_go_with_the_age_of_their_run(cms: Service) -> None:
    stream = cms.streams.get()
    for age in (366, 364):
        run = SyncRun.objects.create(
            stream=stream, trigger="staff", state="succeeded", created_at=timezone.now() - timedelta(days=age)
        )
        Change.objects.create(run=run, model="Essay", external_id=str(age), kind="updated")
    purge()
    assert [change.external_id for change in Change.objects.all()] == ["364"]
    assert SyncRun.objects.get().changes.count() == 1  # the other went with them


def run_of(stream: Stream, age_days: float, state: str = "succeeded") -> SyncRun:
    then = timezone.now() - timedelta(days=age_days)
    ended = None if state in SyncRun.ACTIVE else then
    return SyncRun.objects.create(stream=stream, trigger="schedule", state=state, created_at=then, finished_at=ended)


def test_runs_go_that_nothing_names_and_that_another_has_followed(cms: Service) -> None:
    Service.objects.update(keep_changes_days=30, keep_failures_days=60)
    stream = cms.streams.get()
    run_of(stream, 40)
    run_of(stream, 61, "failed")
    kept = {run_of(stream, 59, "failed"), run_of(stream, 29), run_of(stream, 40, "held")}
    named, changed, met = run_of(stream, 41), run_of(stream, 42), run_of(stream, 43)
    essay_of(cms, first_run=named, last_run=changed)
    RecordError.objects.create(stream=stream, run=met, key="x", reason="No title.")
    kept |= {named, changed, met, run_of(stream, 35)}  # the last one is followed by none
    purge()
    assert set(SyncRun.objects.all()) == kept


def test_checks_go_and_what_their_days_came_to_stays(cms: Service) -> None:
    Service.objects.update(retention_days=7, keep_failures_days=30)
    HealthDay.objects.create(service=cms, day=timezone.localdate() - timedelta(days=8), checks=1)

    def check(age_days: float, state: str) -> HealthCheck:
        then = timezone.now() - timedelta(days=age_days)
        ended = None if state == "queued" else then
        return HealthCheck.objects.create(
            service=cms, trigger="schedule", state=state, created_at=then, finished_at=ended
        )

    check(8, "succeeded")
    check(31, "failed")
    kept = {check(6, "succeeded"), check(8, "failed"), check(8, "queued")}
    purge()
    assert set(HealthCheck.objects.all()) == kept
    assert HealthDay.objects.exists()


def test_no_transaction_removes_many_and_the_oldest_go_first(cms: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    Service.objects.update(keep_bodies_days=90)
    for age in (2, 1, 0):
        call(cms, 91 + age)
    writing.roll_up()
    batches = retention.forget()
    assert next(batches) == 2
    assert Call.objects.count() == 1
    assert sum(batches) == 1 + 1  # its body first
    assert not Call.objects.exists()


@pytest.mark.parametrize(("minute", "left"), [(9, 1), (10, 0), (11, 1)])
def test_the_tick_purges_every_ten_minutes(
    cms: Service, monkeypatch: pytest.MonkeyPatch, minute: int, left: int
) -> None:
    call(cms, 91)
    writing.roll_up()
    monkeypatch.setattr(timezone, "now", lambda: datetime.now(UTC).replace(minute=minute))
    retention.forget_by_and_by()
    assert Call.objects.count() == left


def test_the_command_says_what_is_past_its_time_and_removes_it(cms: Service) -> None:
    call(cms, 91)
    writing.roll_up()
    out = StringIO()
    call_command("retention", stdout=out)
    assert f"{cms}, calls: 1 past their time (kept for 90 days)." in out.getvalue()
    assert Call.objects.exists()
    call_command("retention", "--now", stdout=out)
    assert out.getvalue().endswith("1 rows removed.\n")
    assert not Call.objects.exists()


def answer(service: Service, key: str, use_s: float, hold_s: float = -60) -> CachedAnswer:
    now = timezone.now()
    return CachedAnswer.objects.create(
        service=service,
        key=key,
        operation="look_up",
        usable_until=now + timedelta(seconds=use_s),
        held_until=now + timedelta(seconds=hold_s),
    )


def test_the_tick_forgets_answers_of_no_more_use_unless_somebody_is_asking(cms: Service) -> None:
    answer(cms, "old", -1)
    usable, asked = answer(cms, "usable", 60), answer(cms, "asked", -1, 60)
    tasks.tick()
    assert set(CachedAnswer.objects.all()) == {usable, asked}


def test_answers_go_in_batches_and_not_without_end(cms: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    monkeypatch.setattr(retention, "MOST_BATCHES", 3)
    answers = [answer(cms, str(age), -60 - age) for age in range(9)]
    retention.forget_old_answers()
    assert set(CachedAnswer.objects.all()) == set(answers[:3])
    retention.forget_old_answers()
    assert not CachedAnswer.objects.exists()


def test_the_tick_wipes_an_old_secret_when_its_time_is_over_and_not_before(github: Service) -> None:
    credentials.store(github, "webhook_secret", "new", keep_old_for=timedelta(hours=1))
    tasks.tick()
    assert Credential.objects.exclude(ciphertext="").count() == 2
    Credential.objects.exclude(expires_at=None).update(expires_at=timezone.now())
    tasks.tick()
    assert Credential.objects.get(ciphertext="").superseded_at is not None
    assert len(credentials.active(github, "webhook_secret")) == 1
