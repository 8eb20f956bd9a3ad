"""An event that kills its worker, again and again: it is given up, and the others do not wait for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from integrations import due, ops, systems
from integrations.models import Incident, Service, WebhookEvent
from tests.flows import processes
from tests.flows.deployment import Deployment
from tests.flows.processes import seconds_until

pytestmark = pytest.mark.slow

OTHERS = 30
LONGEST_S = 240  # a killed worker may jam the queue, which is noticed after a minute of silence


@pytest.fixture
def deadly(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    deployment.env["DJANGO_SETTINGS_MODULE"] = "tests.flows.deadly_settings"
    monkeypatch.setattr(systems, "__path__", [*systems.__path__, str(Path(__file__).parent / "more_systems")])
    systems.all_systems.cache_clear()
    yield Service.objects.create(slug="deadly", name="Deadly", system="deadly", check_every_minutes=0)
    systems.all_systems.cache_clear()


def event(service: Service, number: int, kind: str) -> WebhookEvent:
    made = WebhookEvent(
        service=service, delivery_id=f"id:{number}", event_type=kind, headers={"type": kind}, body=b"{}"
    )
    assert ops.receive(made)
    return made


def is_killed(running: WebhookEvent) -> bool:
    """Whether it is being processed by nobody who lives."""
    held = WebhookEvent.objects.get(pk=running.pk)
    pid = int(held.lease_owner.rpartition(":")[2] or 0)
    return held.state == "running" and pid not in {row.pid for row in processes.table()}


def expire(running: WebhookEvent) -> None:
    """The minute of its lease is over; returns when it was freed, and the next may have it already."""
    token = WebhookEvent.objects.values_list("lease_token", flat=True).get(pk=running.pk)
    held = WebhookEvent.objects.filter(pk=running.pk, lease_token=token)
    held.update(lease_until=timezone.now() - timedelta(seconds=1))
    seconds_until(lambda: not held.exists(), LONGEST_S, "it is freed")


def test_an_event_that_kills_its_worker_is_given_up_after_five_and_holds_nothing_up(
    deployment: Deployment, deadly: Service
) -> None:
    killer = event(deadly, 0, "kill")
    others = [event(deadly, number, "live") for number in range(1, OTHERS + 1)]
    worker = deployment.start_worker()
    others_left = WebhookEvent.objects.filter(event_type="live").exclude(state="succeeded")
    for death in range(1, due.MOST_DEATHS + 1):
        took = seconds_until(lambda: is_killed(killer), LONGEST_S, f"it has killed {death} workers")
        print(f"worker {death} was killed after {took:.1f} s")
        if death == 1:
            seconds_until(lambda: not others_left.exists(), LONGEST_S, "the others are processed meanwhile")
        expire(killer)
    print(worker.output())
    killer.refresh_from_db()
    assert (killer.state, killer.failure_code) == ("dead", "worker_died")
    assert list(killer.attempts.values_list("outcome", "message")) == [("failed", "The worker died.")] * due.MOST_DEATHS
    assert [attempt.trigger for attempt in killer.attempts.all()] == ["initial", *["sweep"] * (due.MOST_DEATHS - 1)]
    assert Incident.objects.get().code == "worker_died"
    assert all(each.attempts.count() == 1 for each in others)
