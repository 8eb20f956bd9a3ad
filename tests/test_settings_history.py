"""What people change at a service is written down, from and to, with the change itself and never without it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.utils import timezone

from integrations import circuit, credentials, settings_history
from integrations.models import Credential, Service, SettingsChange
from integrations.models.settings_change import UNSET
from integrations.settings_history import Told, told, watched
from tests.admin.service_form import save
from tests.tables import places_of

CANARY = "canary-of-the-history-0123456789"
ADMIN = SettingsChange.How.ADMIN

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(manager: User, as_person: Callable[[User], Client]) -> Client:
    """The manager, signed in."""
    return as_person(manager)


def the_only() -> SettingsChange:
    return SettingsChange.objects.get()


def words() -> list[tuple[str, str, str]]:
    """Of the only entry."""
    return [(line.label, line.before, line.after) for line in told(the_only())]


def test_one_save_of_the_form_is_one_entry_with_a_line_for_each_setting(
    client: Client, cms: Service, manager: User
) -> None:
    changes = {"name": "Renamed", "option__page_size": "50", "per_second": "2", "body_policy": "always"}
    assert save(client, cms, **changes).status_code == 302
    entry = the_only()
    assert (entry.service, entry.actor, entry.how, entry.rolls_back) == (cms, manager, "admin", None)
    assert words() == [
        ("Name", "Articles", "Renamed"),
        ("Keep bodies", "Of calls that failed", "Of every call"),
        ("Calls a second", "empty", "2"),
        ("Page size", "the default", "50"),
    ]


def test_back_to_the_default_is_told_so(client: Client, cms: Service) -> None:
    Service.objects.update(options={"page_size": 50})
    save(client, cms, option__page_size="")
    assert words() == [("Page size", "50", "the default")]
    assert the_only().lines[0].after is UNSET
    assert "to" not in the_only().fields[0]


def test_a_save_that_changes_nothing_leaves_no_entry(client: Client, cms: Service) -> None:
    assert save(client, cms).status_code == 302
    assert save(client, cms, option__page_size="0").status_code == 200
    assert not SettingsChange.objects.exists()


def test_a_service_that_is_added_has_no_history_yet(client: Client) -> None:
    added = {"name": "New", "slug": "new", "system": "github", "enabled": "on"}
    assert client.post("/admin/integrations/service/add/", added).status_code == 302
    assert not SettingsChange.objects.exists()


def test_what_changes_by_itself_is_no_history(cms: Service) -> None:
    with watched(cms, None, ADMIN):
        circuit.hold_open(cms, timezone.now(), "Held open by nobody.")
        Service.objects.get(pk=cms.pk).save()
    assert not SettingsChange.objects.exists()


def test_of_a_secret_only_what_tells_it_from_another_is_kept(client: Client, cms: Service) -> None:
    save(client, cms, secret__token=CANARY)
    save(client, cms, secret__token=f"{CANARY}!")
    prints = list(Credential.objects.order_by("pk").values_list("fingerprint", flat=True))
    save(client, cms, secret__token="env:TOKEN_OF_THE_TESTS")
    save(client, cms, remove__token="on")
    first, second, third, fourth = (told(entry)[0] for entry in SettingsChange.objects.order_by("pk"))
    assert first == Told("API token or key", "not set", f"fingerprint {prints[0]}")
    assert second == Told("API token or key", f"fingerprint {prints[0]}", f"fingerprint {prints[1]}")
    assert (third.after, fourth.before, fourth.after) == (*["read from env:TOKEN_OF_THE_TESTS"] * 2, "not set")
    assert places_of(CANARY) == []


def test_the_same_secret_again_is_no_change(client: Client, cms: Service) -> None:
    credentials.store(cms, "token", CANARY)
    save(client, cms, secret__token=CANARY)
    assert not SettingsChange.objects.exists()


def test_the_entry_is_written_with_the_change_or_not_at_all(cms: Service) -> None:
    with transaction.atomic():
        with watched(cms, None, ADMIN):
            Service.objects.update(name="Renamed")
        assert SettingsChange.objects.exists()
        transaction.set_rollback(True)
    assert not SettingsChange.objects.exists()
    assert Service.objects.get().name == "Articles"


def test_values_are_kept_whole_and_shown_short(cms: Service) -> None:
    long, moment = "x" * 60_000, timezone.now() + timedelta(hours=1)
    with watched(cms, None, ADMIN):
        Service.objects.update(notes=long, bodies_until=moment, enabled=False)
    entry = the_only()
    assert {line.field: line.after for line in entry.lines} == {
        "notes": long,
        "bodies_until": moment.isoformat(),
        "enabled": False,
    }
    shown = {line.label: line.after for line in told(entry)}
    assert shown["Notes"] == f"{'x' * settings_history.SHORT}… (60,000 characters)"
    assert shown["Enabled"] == "off"
    assert shown["Keep all bodies until"] == f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"


def test_options_that_the_system_gave_up_are_told_by_their_name(cms: Service) -> None:
    with watched(cms, None, ADMIN):
        Service.objects.update(options={"old": ["a", {"b": 1}]})
    assert words() == [("old", "the default", "['a', {'b': 1}]")]


def test_a_service_whose_system_is_gone_keeps_its_history(cms: Service) -> None:
    with watched(cms, None, ADMIN):
        Service.objects.update(options={"page_size": 9}, enabled=False)
    Service.objects.update(system="gone")
    assert words() == [("Enabled", "on", "off"), ("Page size", "the default", "9")]


def test_an_entry_says_who_even_when_the_account_is_gone(cms: Service, manager: User) -> None:
    made = {"service": cms, "fields": []}
    entry = SettingsChange.objects.create(actor=manager, how=ADMIN, **made)
    assert entry.who == "manager"
    manager.delete()
    assert SettingsChange.objects.get().who == "somebody whose account is gone"
    assert SettingsChange.objects.create(how=SettingsChange.How.COMMAND, **made).who == "the command line"
