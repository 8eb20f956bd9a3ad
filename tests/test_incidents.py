"""Failures of one kind, counted in one row while they go on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from socket import socket
from threading import Barrier

import pytest
from django.core.mail import EmailMessage
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

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


def test_what_fails_again_soon_after_it_was_resolved_is_opened_again(cms: Service) -> None:
    incidents.report(cms, SYNC, "timeout", "First.")
    incidents.resolve(cms, SYNC)
    incidents.report(cms, SYNC, "timeout", "Second.")
    incident = Incident.objects.get()
    assert (incident.state, incident.count, incident.reopened, incident.resolved_at) == ("open", 2, 1, None)
    assert incident.message == "Second."


def test_what_fails_again_long_after_is_another_incident(cms: Service) -> None:
    incidents.report(cms, SYNC, "timeout", "First.")
    long_ago = timezone.now() - incidents.REOPENS_WITHIN - timedelta(seconds=1)
    Incident.objects.update(state="resolved", resolved_at=long_ago)
    incidents.report(cms, SYNC, "timeout", "Second.")
    assert sorted(Incident.objects.values_list("state", "count")) == [("open", 1), ("resolved", 1)]


def test_what_staff_ignore_is_counted_and_stays_ignored(cms: Service) -> None:
    incidents.report(cms, SYNC, "timeout", "First.")
    Incident.objects.update(state="ignored")
    incidents.report(cms, SYNC, "timeout", "Second.")
    assert (Incident.objects.get().state, Incident.objects.get().count) == ("ignored", 2)


def test_the_same_of_another_operation_is_another_incident_and_is_resolved_by_itself(cms: Service) -> None:
    for operation in ("publication", "geocoding"):
        incidents.report(cms, Incident.Kind.JOB, "timeout", "It failed.", operation)
    incidents.resolve(cms, Incident.Kind.JOB, "geocoding")
    assert dict(Incident.objects.values_list("operation", "state")) == {"publication": "open", "geocoding": "resolved"}


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


def owned(cms: Service, settings: Settings, host: str = "mail.example.org") -> None:
    settings.EMAIL_HOST = host
    settings.CONSOLE_URL = "https://console.example.org"
    cms.owner_email, cms.runbook_url = "owner@example.org", "https://wiki.example.org/cms"
    cms.save()
    incidents.report(cms, SYNC, "timeout", "The CMS did not answer within 20 s.")


def test_the_owner_gets_one_e_mail_with_what_to_do(
    cms: Service, settings: Settings, mailoutbox: list[EmailMessage]
) -> None:
    owned(cms, settings)
    for _ in range(2):
        incidents.tell_owners()
        incidents.report(cms, SYNC, "timeout", "The CMS did not answer within 20 s.")
    incident, (mail,) = Incident.objects.get(), mailoutbox
    assert (mail.to, mail.subject) == (["owner@example.org"], f"{cms}: Sync fails (timeout)")
    for said in (
        incident.message,
        "https://wiki.example.org/cms",
        f"https://console.example.org{incident.get_absolute_url()}",
    ):
        assert said in mail.body
    assert incident.mailed_at


@pytest.mark.parametrize("state", ["acknowledged", "ignored", "resolved"])
def test_nobody_is_written_to_about_what_is_not_open(
    cms: Service, settings: Settings, mailoutbox: list[EmailMessage], state: str
) -> None:
    owned(cms, settings)
    Incident.objects.update(state=state)
    incidents.tell_owners()
    assert not mailoutbox


def test_without_a_mail_server_or_an_owner_nobody_is_written_to(
    cms: Service, settings: Settings, mailoutbox: list[EmailMessage]
) -> None:
    owned(cms, settings, host="")
    incidents.tell_owners()
    settings.EMAIL_HOST = "mail.example.org"
    Service.objects.update(owner_email="")
    incidents.tell_owners()
    assert not mailoutbox


def test_what_the_mail_server_does_not_take_is_tried_again_and_said(cms: Service, settings: Settings) -> None:
    with socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        owned(cms, settings, host="127.0.0.1")
        settings.EMAIL_PORT = nobody.getsockname()[1]
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        incidents.tell_owners()
    incident = Incident.objects.get()
    assert (incident.mailed_at, incident.mail_error) == (
        None,
        "The mail server did not take it (ConnectionRefusedError).",
    )
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    incidents.tell_owners()
    incident.refresh_from_db()
    assert incident.mailed_at
    assert not incident.mail_error


def test_after_a_refusal_the_rest_waits_and_the_refused_goes_last(cms: Service, settings: Settings) -> None:
    owned(cms, settings, host="127.0.0.1")
    incidents.report(cms, HEALTH, "timeout", "It did not answer.")
    with socket() as server:
        server.bind(("127.0.0.1", 0))
        settings.EMAIL_PORT = server.getsockname()[1]
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        for refused in (1, 2):
            incidents.tell_owners()
            assert Incident.objects.exclude(mail_error="").count() == refused
    assert not Incident.objects.exclude(mailed_at=None).exists()
