"""The history on a service's page, the list of all, and the dialog that takes an entry back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from integrations import credentials
from integrations.admin.settings_change import SHOWN, WHOLE
from integrations.models import Service, SettingsChange
from integrations.settings_history import watched
from tests.admin.asking import messages_of, page, said
from tests.admin.service_form import save

AsPerson = Callable[[User], Client]
ADMIN = SettingsChange.How.ADMIN


@pytest.fixture
def client(manager: User, as_person: AsPerson) -> Client:
    """The manager, signed in."""
    return as_person(manager)


@pytest.fixture
def renamed(client: Client, cms: Service) -> SettingsChange:
    """What the manager changed in the form."""
    save(client, cms, name="Renamed", option__page_size="50")
    return SettingsChange.objects.get()


def dialog(client: Client, entry: SettingsChange) -> str:
    return said(client, page(SettingsChange, "roll_back", entry.pk))


def submit(client: Client, entry: SettingsChange, seen: int | None = None) -> str:
    sent = {"_form_submitted": "on", "seen": "" if seen is None else str(seen)}
    return messages_of(client.post(page(SettingsChange, "roll_back", entry.pk), sent))[-1]


@pytest.mark.parametrize(("who", "may"), [("viewer", False), ("operator", False), ("manager", True)])
def test_the_services_page_says_who_changed_what_and_offers_the_way_back_to_managers(
    request: pytest.FixtureRequest, as_person: AsPerson, renamed: SettingsChange, who: str, may: bool
) -> None:
    html = said(as_person(request.getfixturevalue(who)), renamed.service.get_absolute_url())
    history = html.partition('id="settings-history"')[2]
    assert "by manager" in history
    assert "<dt>Name</dt><dd><del>Articles</del>" in history
    assert "<dt>Page size</dt><dd><del>the default</del>" in history
    assert (f'hx-get="{page(SettingsChange, "roll_back", renamed.pk)}"' in history) is may


def test_without_any_change_the_page_says_so(client: Client, cms: Service) -> None:
    assert "Nobody has changed its settings since it was added." in said(client, cms.get_absolute_url())


def test_the_page_shows_the_newest_and_leads_to_all(client: Client, cms: Service) -> None:
    for number in range(SHOWN + 1):
        with watched(cms, None, ADMIN):
            Service.objects.update(name=f"Name {number}")
        assert ("all changes of this service" in said(client, cms.get_absolute_url())) is (number == SHOWN)
    html = said(client, cms.get_absolute_url())
    assert f"<ins>Name {SHOWN}</ins>" in html
    assert "<ins>Name 0</ins>" not in html
    assert said(client, page(SettingsChange, "changelist", service__id__exact=cms.pk)).count("In the admin") >= SHOWN


def test_the_list_names_the_first_settings_of_an_entry(client: Client, cms: Service) -> None:
    save(client, cms, name="A", per_second="1", per_minute="2", per_hour="3", per_day="4")
    assert "Name, Calls a second, Calls a minute and 2 more" in said(client, page(SettingsChange, "changelist"))


def test_an_entrys_own_page_shows_values_as_whole_as_a_page_can(client: Client, cms: Service) -> None:
    with watched(cms, None, ADMIN):
        Service.objects.update(notes="x" * (WHOLE + 1))
    html = said(client, SettingsChange.objects.get().get_absolute_url())
    assert f"{'x' * WHOLE}… (4,001 characters)" in html


def test_the_dialog_says_what_it_will_set_and_does_that(client: Client, renamed: SettingsChange) -> None:
    html = dialog(client, renamed)
    assert "<del>Renamed</del>" in html
    assert "<ins>Articles</ins>" in html
    assert "changed again since" not in html
    assert f'name="seen" value="{renamed.pk}"' in html
    sentence = submit(client, renamed, renamed.pk)
    made = SettingsChange.objects.latest("pk")
    assert sentence.startswith("Rolled back: ")
    assert made.get_absolute_url() in sentence
    service = Service.objects.get()
    assert (service.name, service.options) == ("Articles", {})
    assert "who rolled back" in said(client, service.get_absolute_url())
    assert f"Rolled back change {renamed.pk}" in said(client, made.get_absolute_url())


def test_the_dialog_warns_of_what_was_changed_again(client: Client, cms: Service, renamed: SettingsChange) -> None:
    save(client, cms, name="Again")
    html = dialog(client, renamed)
    assert html.count("changed again since") == 1
    assert "<del>Again</del>" in html


def test_the_dialog_says_which_secret_stays_and_why(client: Client, cms: Service) -> None:
    credentials.store(cms, "token", "old")
    save(client, cms, secret__token="new", name="Renamed")
    entry = SettingsChange.objects.get()
    prints = [credentials.active(cms, "token")[0].fingerprint]
    html = dialog(client, entry)
    assert f"stays fingerprint {prints[0]}. Only its fingerprint was kept." in html
    submit(client, entry, entry.pk)
    assert Service.objects.get().name == "Articles"
    assert [row.fingerprint for row in credentials.active(cms, "token")] == prints


def test_the_second_of_two_clicks_is_told(client: Client, renamed: SettingsChange) -> None:
    submit(client, renamed, renamed.pk)
    sentence = submit(client, renamed, renamed.pk)
    assert "was changed meanwhile by manager" in sentence
    assert SettingsChange.objects.count() == 2
    assert "Everything is already as it was before this change." in dialog(client, renamed)


@pytest.mark.parametrize("who", ["viewer", "operator", "stranger"])
def test_nobody_but_managers_rolls_back(
    request: pytest.FixtureRequest, as_person: AsPerson, renamed: SettingsChange, who: str
) -> None:
    client = as_person(request.getfixturevalue(who))
    assert client.post(page(SettingsChange, "roll_back", renamed.pk), {"_form_submitted": "on"}).status_code == 403
    assert Service.objects.get().name == "Renamed"


def test_the_history_is_told_and_taken_back_in_a_shell(
    renamed: SettingsChange, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("service_history", "cms")
    out = capsys.readouterr().out
    assert out.startswith(f"{renamed.pk}: ")
    assert "    Name: Articles → Renamed\n    Page size: the default → 50\n" in out
    call_command("rollback_service", "cms", str(renamed.pk))
    assert capsys.readouterr().out == "Name: Renamed → Articles\nPage size: 50 → the default\n"
    made = SettingsChange.objects.latest("pk")
    assert (made.how, made.actor, made.rolls_back) == ("command", None, renamed)
    with pytest.raises(CommandError, match="Everything is already as it was"):
        call_command("rollback_service", "cms", str(renamed.pk))
    call_command("service_history", "cms", "--last", "1")
    assert f"by the command line, rolling back {renamed.pk}\n" in capsys.readouterr().out


def test_a_change_that_is_not_there_is_said(cms: Service, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError, match=r"Articles has no change 7\. Look at manage\.py service_history cms\."):
        call_command("rollback_service", "cms", "7")
    call_command("service_history", "cms")
    assert "Nobody has changed the settings of Articles since it was added." in capsys.readouterr().out
