"""Calls are kept as long as their service says, and no longer."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from integrations import retention, tasks
from integrations.models import Call, CallBody, Service


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
