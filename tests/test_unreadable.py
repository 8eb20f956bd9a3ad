"""Secrets that cannot be read are said at every start and in an incident, until they can be read again."""

from __future__ import annotations

import logging

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from pytest_django import Settings

from integrations import credentials, due
from integrations.models import Credential, Incident, Service
from integrations.supervisor import Supervisor

OTHER = Fernet.generate_key().decode()


def states() -> list[tuple[str, str]]:
    found = Incident.objects.filter(kind=Incident.Kind.CREDENTIALS).order_by("pk")
    return list(found.values_list("service__slug", "state"))


def test_nothing_is_reported_where_all_can_be_read(cms: Service, github: Service) -> None:
    credentials.store(cms, "token", "good")
    assert (credentials.report_unreadable(), states()) == ([], [])


def test_a_lost_key_opens_an_incident_for_each_service_that_names_the_fields(
    cms: Service, github: Service, settings: Settings
) -> None:
    credentials.store(github, "token", "good")
    right, settings.CREDENTIAL_KEYS = settings.CREDENTIAL_KEYS, (OTHER,)
    (line,) = credentials.report_unreadable()
    assert "“token” of GitHub cannot be decrypted" in line
    assert "“webhook_secret” of GitHub cannot be decrypted" in line
    assert Incident.objects.get().message == line
    credentials.report_unreadable()
    assert (states(), Incident.objects.get().count) == ([("github", "open")], 2)
    settings.CREDENTIAL_KEYS = right
    assert (credentials.report_unreadable(), states()) == ([], [("github", "resolved")])


def test_storing_a_reference_that_leads_nowhere_says_so_at_once_and_a_good_one_mends_it(
    cms: Service, github: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    for service in (cms, github):
        credentials.store(service, "token", "env:NOT_SET_ANYWHERE")
    assert states() == [("cms", "open"), ("github", "open")]
    monkeypatch.setenv("TOKEN_OF_THE_TESTS", "value")
    credentials.store(cms, "token", "env:TOKEN_OF_THE_TESTS")
    assert states() == [("cms", "resolved"), ("github", "open")], "each by itself"
    credentials.remove(github, "token")
    assert states() == [("cms", "resolved"), ("github", "resolved")]


def test_what_no_system_asks_for_is_no_trouble(cms: Service) -> None:
    Credential.objects.create(service=cms, field="given_up", ciphertext="damaged")
    assert credentials.report_unreadable() == []
    Credential.objects.update(field="token")
    assert len(credentials.report_unreadable()) == 1
    Service.objects.update(system="gone")
    assert credentials.report_unreadable() == []


def test_the_worker_says_it_once_at_its_start(
    github: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("django.db.close_old_connections", lambda: None)  # it would end the test's transaction
    monkeypatch.setattr(due, "start", lambda: None)
    Credential.objects.update(ciphertext="damaged")
    caplog.set_level(logging.ERROR, "integrations.supervisor")
    worker = Supervisor()
    for _ in range(3):
        worker._look()
    assert [message[:45] for message in caplog.messages] == ["The secret “webhook_secret” of GitHub cannot "]
    assert states() == [("github", "open")]


def test_prepare_says_it_and_goes_on(github: Service, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    Credential.objects.update(ciphertext="damaged")
    call_command("prepare")
    said = capsys.readouterr()
    assert said.err.startswith("The secret “webhook_secret” of GitHub cannot be decrypted")
    assert len(said.err.splitlines()) == 1
    assert "The first superuser is admin" in said.out
    assert states() == [("github", "open")]
