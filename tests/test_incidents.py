"""Failures of one kind, counted in one row while they go on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from integrations import incidents
from integrations.models import Incident, Service

SYNC, HEALTH = Incident.Kind.SYNC, Incident.Kind.HEALTH


def test_the_same_failure_again_is_counted_in_the_same_row(cms: Service) -> None:
    incidents.report(cms, SYNC, "timeout", "First.")
    first = Incident.objects.get()
    incidents.report(cms, SYNC, "timeout", "Second.")
    incident = Incident.objects.get()
    assert (incident.count, incident.message, incident.first_at) == (2, "Second.", first.first_at)
    assert incident.last_at > first.last_at


def test_an_acknowledged_incident_stays_acknowledged_while_it_goes_on(cms: Service) -> None:
    incidents.report(cms, SYNC, "timeout", "First.")
    Incident.objects.update(state="acknowledged")
    incidents.report(cms, SYNC, "timeout", "Second.")
    assert (Incident.objects.get().state, Incident.objects.get().count) == ("acknowledged", 2)


@pytest.mark.parametrize("closed", ["resolved", "ignored"])
def test_after_one_was_closed_the_next_failure_opens_another(cms: Service, closed: str) -> None:
    incidents.report(cms, SYNC, "timeout", "First.")
    Incident.objects.update(state=closed)
    incidents.report(cms, SYNC, "timeout", "Second.")
    assert sorted(Incident.objects.values_list("state", "count")) == sorted([(closed, 1), ("open", 1)])


def test_another_code_kind_or_service_is_another_incident(cms: Service, github: Service) -> None:
    for service, kind, code in [(cms, SYNC, "a"), (cms, SYNC, "b"), (cms, HEALTH, "a"), (github, SYNC, "a")]:
        incidents.report(service, kind, code, "It failed.")
    assert set(Incident.objects.values_list("count", flat=True)) == {1}
    assert Incident.objects.count() == 4


def test_a_success_resolves_every_open_one_of_its_kind_and_service_only(cms: Service, github: Service) -> None:
    for service, kind, code in [(cms, SYNC, "a"), (cms, SYNC, "b"), (cms, HEALTH, "a"), (github, SYNC, "a")]:
        incidents.report(service, kind, code, "It failed.")
    incidents.resolve(cms, SYNC)
    resolved = Incident.objects.filter(state="resolved", resolved_at__isnull=False)
    assert set(resolved.values_list("service__slug", "kind", "code")) == {("cms", "sync", "a"), ("cms", "sync", "b")}


def test_what_staff_ignore_is_not_resolved(cms: Service) -> None:
    incidents.report(cms, SYNC, "timeout", "It failed.")
    Incident.objects.update(state="ignored")
    incidents.resolve(cms, SYNC)
    assert Incident.objects.get().state == "ignored"


@pytest.mark.django_db(transaction=True)
def test_failures_of_several_workers_at_once_are_one_incident(cms: Service) -> None:
    start = Barrier(4, timeout=60)

    def fail(_: int) -> None:
        try:
            start.wait()
            for _ in range(5):
                incidents.report(cms, SYNC, "timeout", "It failed.")
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(fail, range(4)))
    assert Incident.objects.get().count == 20
