"""Secrets go in and never come out; what is known of them is shown to whoever may see the service."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags
from pytest_django import Settings

from integrations import credentials
from integrations.models import Credential, Incident, Service
from tests.admin.asking import messages_of, page, said, tables
from tests.admin.population import CANARY
from tests.admin.service_form import errors, save
from tests.revealed import all_of, one_of

AsPerson = Callable[[User], Client]


@pytest.fixture
def client(manager: User, as_person: AsPerson) -> Client:
    """The manager, signed in."""
    return as_person(manager)


def shown(client: Client, service: Service) -> str:
    """The words on the page."""
    return re.sub(r"\s+", " ", strip_tags(said(client, service.get_absolute_url())))


def test_a_secret_is_stored_encrypted_and_shown_to_nobody(
    client: Client, cms: Service, manager: User, root: User, as_person: AsPerson
) -> None:
    response = save(client, cms, secret__token=CANARY)
    assert one_of(cms, "token") == CANARY
    (stored,) = Credential.objects.all()
    assert stored.set_by == manager
    seen = [response.content.decode(), *messages_of(response), str(tables())]
    addresses = [cms.get_absolute_url(), page(Service, "changelist"), page(Service, "history", cms.pk)]
    addresses += [page(Service, "live", cms.pk), page(Service, "export"), reverse("admin:index"), reverse("health")]
    for who in (client, as_person(root)):
        for address in addresses:
            answer = who.get(address)
            assert answer.status_code in {200, 503}
            seen.append(answer.content.decode())
    assert f"fingerprint {stored.fingerprint}" in seen[3]
    assert not [text for text in seen if CANARY in text]


def test_a_secret_is_not_shown_again_when_another_field_is_wrong(client: Client, cms: Service) -> None:
    response = save(client, cms, secret__token=CANARY, name="")
    assert set(errors(response)) == {"name"}
    assert CANARY not in response.content.decode()
    assert not Credential.objects.exists()


def test_the_history_names_the_secret_that_was_changed_and_not_its_value(client: Client, cms: Service) -> None:
    save(client, cms, secret__token=CANARY)
    (entry,) = LogEntry.objects.all()
    assert "API token" in entry.get_change_message()
    assert CANARY not in entry.change_message + entry.object_repr


def test_a_secret_left_empty_stays(client: Client, github: Service) -> None:
    save(client, github, secret__token="first")
    assert save(client, github, name="Renamed").status_code == 302
    assert save(client, github, secret__token="", secret__webhook_secret="").status_code == 302
    assert one_of(github, "token") == "first"
    assert one_of(github, "webhook_secret")
    assert Credential.objects.filter(superseded_at=None).count() == 2


def test_a_new_secret_replaces_the_one_before(client: Client, cms: Service) -> None:
    for secret in ("first", "second"):
        save(client, cms, secret__token=secret)
    assert one_of(cms, "token") == "second"
    assert [row.ciphertext == "" for row in Credential.objects.order_by("pk")] == [True, False]


def test_what_is_known_of_a_secret_stands_beneath_its_field(client: Client, github: Service, manager: User) -> None:
    stored = credentials.store(github, "token", CANARY, manager)
    assert f"Set 0 s ago by manager, fingerprint {stored.fingerprint}. Not used yet. Leave empty" in shown(
        client, github
    )
    credentials.active(github, "token")[0].reveal(Credential.Purpose.AUTHENTICATE)
    Credential.objects.filter(pk=stored.pk).update(last_used_at=timezone.now() - timedelta(minutes=3))
    html = shown(client, github)
    assert f"fingerprint {stored.fingerprint}. Last used 3 min ago to sign in. Leave empty" in html
    credentials.remove(github, "token")
    assert "60 calls an hour. Not set. " in shown(client, github)


def test_a_name_that_is_code_is_shown_as_text(client: Client, cms: Service, manager: User) -> None:
    User.objects.filter(pk=manager.pk).update(username="<x-mark>")
    credentials.store(cms, "token", CANARY, manager)
    html = said(client, cms.get_absolute_url())
    assert "by &lt;x-mark&gt;, fingerprint" in html
    assert "<x-mark>" not in html


def test_a_signing_secret_is_replaced_with_an_overlap_of_a_day_unless_said_otherwise(
    client: Client, github: Service
) -> None:
    (old,) = all_of(github, "webhook_secret")
    assert save(client, github, secret__webhook_secret="new").status_code == 302
    assert all_of(github, "webhook_secret") == ["new", old]
    first = Credential.objects.order_by("pk")[0]
    assert first.expires_at
    assert timedelta(hours=23, minutes=59) < first.expires_at - timezone.now() < timedelta(hours=24)
    words = shown(client, github)
    assert re.search(
        rf"The one before is valid too, until \d\d \w+ [\d:]+ · in 23 h: Set .*{first.fingerprint}\.", words
    )
    save(client, github, secret__webhook_secret="newer", overlap__webhook_secret="0")
    assert all_of(github, "webhook_secret") == ["newer"]
    assert "The one before" not in shown(client, github)


@pytest.mark.parametrize("hours", ["1", "24", "168"])
def test_each_overlap_is_as_long_as_it_says(client: Client, github: Service, hours: str) -> None:
    save(client, github, secret__webhook_secret="new", overlap__webhook_secret=hours)
    expires_at = credentials.active(github, "webhook_secret")[1].expires_at
    assert expires_at
    assert abs(expires_at - timezone.now() - timedelta(hours=int(hours))) < timedelta(minutes=1)


@pytest.mark.parametrize("hours", ["2", "-1", "soon", "99999999999"])
def test_another_overlap_is_refused(client: Client, github: Service, hours: str) -> None:
    found = errors(save(client, github, secret__webhook_secret="new", overlap__webhook_secret=hours))
    assert list(found) == ["overlap__webhook_secret"]
    assert len(all_of(github, "webhook_secret")) == 1


def test_an_overlap_is_offered_where_it_means_something(client: Client, github: Service, cms: Service) -> None:
    credentials.store(github, "token", CANARY)
    credentials.store(cms, "token", CANARY)
    assert 'name="overlap__webhook_secret"' in said(client, github.get_absolute_url())
    assert 'name="overlap__token"' not in said(client, github.get_absolute_url())
    credentials.remove(github, "webhook_secret")
    html = said(client, github.get_absolute_url())
    assert 'name="overlap__webhook_secret"' not in html
    assert ('name="remove__webhook_secret"' in html, 'name="remove__token"' in html) == (False, True)


def test_a_secret_can_be_removed(client: Client, github: Service) -> None:
    credentials.store(github, "token", "optional")
    credentials.store(github, "webhook_secret", "new", keep_old_for=timedelta(hours=1))
    save(client, github, remove__token="on", remove__webhook_secret="on")
    assert credentials.by_field(github) == {}
    assert "Remove the access token" in LogEntry.objects.get().get_change_message()


def test_a_secret_is_not_both_replaced_and_removed(client: Client, github: Service) -> None:
    found = errors(save(client, github, secret__webhook_secret="new", remove__webhook_secret="on"))
    assert found == {"remove__webhook_secret": ["Enter a new value or remove the old one, not both."]}
    assert "new" not in all_of(github, "webhook_secret")


def test_a_reference_is_shown_as_it_is_and_its_value_to_nobody(
    client: Client, cms: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN_OF_THE_TESTS", CANARY)
    save(client, cms, secret__token="env:TOKEN_OF_THE_TESTS")
    assert one_of(cms, "token") == CANARY
    html = said(client, cms.get_absolute_url())
    assert "read from env:TOKEN_OF_THE_TESTS. Last used " in html
    assert CANARY not in html + str(tables())


@pytest.mark.parametrize(
    ("reference", "sentence"),
    [
        ("env:SECRET_KEY", "The variable SECRET_KEY is the console's own."),
        ("env:PGPASSWORD", "The variable PGPASSWORD is the console's own."),
        ("env:", "After env: comes the name of a variable"),
        ("file:/etc/passwd", "Files are read from /run/secrets only."),
        ("file:/run/secrets/../../etc/passwd", "Files are read from /run/secrets only."),
        ("file:/run/secrets/" + "x" * 500, "at most 500 characters"),
    ],
)
def test_a_reference_to_what_is_the_consoles_own_is_refused_at_its_field(
    client: Client, cms: Service, reference: str, sentence: str
) -> None:
    ((field, (reason,)),) = errors(save(client, cms, secret__token=reference)).items()
    assert field == "secret__token"
    assert sentence in reason
    assert not Credential.objects.exists()


def test_without_a_key_a_new_secret_is_refused_at_its_field_and_the_rest_can_be_saved(
    client: Client, cms: Service, settings: Settings
) -> None:
    settings.CREDENTIAL_KEYS = ()
    found = errors(save(client, cms, secret__token=CANARY))
    assert found["secret__token"][0].startswith("Secrets cannot be stored, since CREDENTIAL_KEYS is empty.")
    assert save(client, cms, name="Renamed").status_code == 302


def test_one_that_cannot_be_read_says_so_in_words_and_in_colour_and_entering_it_again_mends_it(
    client: Client, github: Service
) -> None:
    Credential.objects.update(ciphertext="damaged")
    credentials.report_unreadable()
    html = said(client, github.get_absolute_url())
    assert '<span class="c-badge c-bad">Cannot be read</span> The secret “webhook_secret” of GitHub cannot' in html
    save(client, github, secret__webhook_secret="again")
    assert "Cannot be read" not in said(client, github.get_absolute_url())
    assert Incident.objects.get().state == "resolved"
    assert all_of(github, "webhook_secret") == ["again"]


def test_the_page_says_what_may_be_written_in_place_of_a_secret(
    client: Client, cms: Service, settings: Settings, tmp_path: Path
) -> None:
    settings.CREDENTIAL_FILES = tmp_path
    assert f"env:NAME or file:{tmp_path}/NAME" in said(client, cms.get_absolute_url())


@pytest.mark.parametrize("who", ["viewer", "operator"])
def test_those_who_may_not_change_a_service_see_what_is_known_and_no_field(
    request: Any, as_person: AsPerson, github: Service, manager: User, who: str
) -> None:
    stored = credentials.store(github, "token", CANARY, manager)
    client = as_person(request.getfixturevalue(who))
    html = said(client, github.get_absolute_url())
    assert f"Access token: Set 0 s ago by manager, fingerprint {stored.fingerprint}. Not used yet." in html
    assert CANARY not in html
    assert [name for name in ("secret__", "overlap__", "remove__") if f'name="{name}' in html] == []
    before = tables()
    for typed in ({"secret__token": "taken over"}, {"remove__token": "on"}):
        assert client.post(github.get_absolute_url(), typed).status_code == 403
    assert tables() == before


def test_strangers_learn_nothing(as_person: AsPerson, github: Service, stranger: User) -> None:
    stored = credentials.store(github, "token", CANARY)
    answer = as_person(stranger).get(github.get_absolute_url())
    assert answer.status_code == 403
    assert stored.fingerprint not in answer.content.decode()
