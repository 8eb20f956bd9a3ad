"""Calls are kept as long as their service says, old secrets as long as they are valid, cached answers while of use."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from integrations import credentials, retention, tasks
from integrations.models import CachedAnswer, Call, CallBody, Credential, Service


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


def test_the_tick_forgets_what_is_past_its_time_and_nothing_else(cms: Service, github: Service) -> None:
    Service.objects.filter(pk=cms.pk).update(retention_days=7)
    old, young = call(cms, 7.1), call(cms, 6.9)
    kept_longer = call(github, 7.1)
    tasks.tick()
    assert set(Call.objects.all()) == {young, kept_longer}
    assert not CallBody.objects.filter(pk=old.pk).exists()


def test_the_oldest_go_first_a_few_at_a_time(cms: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    calls = [call(cms, 91 + age) for age in range(3)]
    retention.forget_old_calls()
    assert set(Call.objects.all()) == {calls[0]}
    retention.forget_old_calls()
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
