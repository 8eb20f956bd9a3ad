"""What waits for a person, in the order in which to look at it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations import needs
from integrations.models import Incident, RecordError, RefusedDelivery, Service, SyncRun, WebhookEvent


def told() -> list[tuple[str, str]]:
    return [(each.label, each.what) for each in needs.now(timezone.now())]


@pytest.fixture
def trouble(cms: Service, github: Service) -> None:
    """Something of each kind, and of each something that needs nobody."""
    now, stream = timezone.now(), cms.streams.get()
    for number, state in enumerate(Incident.State):
        Incident.objects.create(service=cms, kind="health", code=f"c{number}", message="Down.", state=state)
    SyncRun.objects.create(stream=stream, trigger="staff", state="held", withheld=61)
    run = SyncRun.objects.create(stream=stream, trigger="staff", state="succeeded")
    for number, event_state in enumerate(("dead", "dead", "parked", "succeeded")):
        WebhookEvent.objects.create(service=github, delivery_id=str(number), state=event_state, body=b"")
    for days in (0, 2):
        RefusedDelivery.objects.create(
            service=github, cause="wrong", body_hash=str(days), size=0, kept=0, received_at=now - timedelta(days=days)
        )
    for number, error_state in enumerate(RecordError.State):
        RecordError.objects.create(stream=stream, run=run, key=str(number), reason="No title.", state=error_state)


@pytest.mark.usefixtures("trouble")
def test_what_fails_comes_before_what_is_to_be_decided_and_nothing_else_comes() -> None:
    assert told() == [
        ("Health check fails", "Articles"),
        ("Waits for you", "Articles · articles"),
        ("Given up", "2 deliveries of GitHub"),
        ("Refused", "1 delivery to GitHub"),
        ("Error inbox", "1 item that cannot be used"),
    ]


@pytest.mark.usefixtures("db")
def test_a_worker_that_is_silent_comes_first(cms: Service) -> None:
    Incident.objects.create(service=cms, kind="health", code="x", message="Down.")
    for beat in (timezone.now() - timedelta(minutes=2), None):
        assert needs.now(beat)[0].label == "Worker silent"


def test_many_incidents_are_a_few_and_a_link_to_the_others(cms: Service) -> None:
    for number in range(needs.MOST + 1):
        Incident.objects.create(service=cms, kind="health", code=f"c{number}", message="Down.", count=2)
    found = needs.now(timezone.now())
    assert [each.label for each in found] == ["Health check fails"] * needs.MOST + ["Incidents"]
    assert found[0].says.startswith("Down. 2 times, last ")


@pytest.mark.usefixtures("trouble")
def test_each_kind_is_one_question_however_much_there_is() -> None:
    with CaptureQueriesContext(connection) as queries:
        needs.now(timezone.now())
    assert len(queries) == 5


def test_of_very_many_deliveries_that_were_given_up_only_so_many_are_read(
    github: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(needs, "MOST_COUNTED", 3)
    for number in range(5):
        WebhookEvent.objects.create(service=github, delivery_id=str(number), state="dead", body=b"")
    assert told() == [("Given up", "More than 3 deliveries of GitHub")]
