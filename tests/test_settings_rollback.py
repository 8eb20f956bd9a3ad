"""Taking a change of settings back: exactly, checked as the form checks, and never over somebody else's head."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from integrations import credentials, ops, settings_rollback
from integrations.models import Credential, Service, SettingsChange
from integrations.settings_history import told, values_of, watched
from tests.calling import at_once
from tests.revealed import all_of, one_of
from tests.transport.certificates import Authority

ADMIN, COMMAND = SettingsChange.How.ADMIN, SettingsChange.How.COMMAND

pytestmark = pytest.mark.django_db


def change(service: Service, **columns: Any) -> SettingsChange:
    """Somebody changes columns, and this is the entry."""
    with watched(service, None, ADMIN):
        Service.objects.filter(pk=service.pk).update(**columns)
    return SettingsChange.objects.latest("pk")


def replace_secret(service: Service, field: str, secret: str, **how: Any) -> SettingsChange:
    with watched(service, None, ADMIN):
        credentials.store(service, field, secret, **how)
    return SettingsChange.objects.latest("pk")


def roll_back(entry: SettingsChange, **more: Any) -> SettingsChange:
    return ops.roll_back(SettingsChange.objects.get(pk=entry.pk), ADMIN, **more)


def refusal(entry: SettingsChange, **more: Any) -> str:
    before = values_of(entry.service), SettingsChange.objects.count()
    with pytest.raises(ops.Impossible) as refused:
        roll_back(entry, **more)
    assert (values_of(entry.service), SettingsChange.objects.count()) == before
    return str(refused.value)


def test_every_setting_of_an_entry_becomes_exactly_what_it_was(cms: Service, manager: User) -> None:
    until = timezone.now() + timedelta(hours=3)
    Service.objects.update(
        ca_bundle=Authority().pem, bodies_until=until, per_day=7, deadline_s=1.25, options={"page_size": 50}
    )
    before = values_of(cms)
    entry = change(
        cms,
        name="Renamed",
        slug="renamed",
        base_url="https://other.example",
        enabled=False,
        ca_bundle="",
        bodies_until=None,
        per_day=None,
        deadline_s=30.0,
        body_policy="always",
        options={"slug_path": "x"},
    )
    made = roll_back(entry, actor=manager)
    assert values_of(cms) == before
    assert (made.rolls_back, made.actor, made.how) == (entry, manager, "admin")
    assert {line.field: (line.after, line.before) for line in made.lines} == {
        line.field: (line.before, line.after) for line in entry.lines
    }


def test_a_rollback_can_be_rolled_back(cms: Service) -> None:
    entry = change(cms, name="Renamed", options={"page_size": 50})
    after = values_of(cms)
    roll_back(roll_back(entry))
    assert values_of(cms) == after
    assert SettingsChange.objects.count() == 3


def test_what_was_changed_again_since_is_said_and_other_settings_are_left_alone(cms: Service) -> None:
    entry = change(cms, name="Renamed", per_day=5)
    change(cms, name="Again", notes="later")
    name, per_day = settings_rollback.plan(entry)
    assert (name.now, name.was_changed_since, per_day.now, per_day.was_changed_since) == ("Again", True, 5, False)
    roll_back(entry)
    cms.refresh_from_db()
    assert (cms.name, cms.per_day, cms.notes) == ("Articles", None, "later")


def test_what_is_already_as_it_was_is_not_done_twice(cms: Service) -> None:
    entry = change(cms, name="Renamed")
    roll_back(entry)
    assert refusal(entry) == "Everything is already as it was before this change."


def test_whoever_looked_before_the_last_change_is_told(cms: Service, manager: User) -> None:
    entry = change(cms, name="Renamed")
    assert settings_rollback.newest_of(cms) == entry.pk
    with watched(cms, manager, ADMIN):
        Service.objects.update(notes="meanwhile")
    said = refusal(entry, seen=entry.pk)
    assert said == "Renamed was changed meanwhile by manager. Look at its history, then roll back again."
    roll_back(entry, seen=settings_rollback.newest_of(cms))
    assert Service.objects.get().name == "Articles"


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"options": {"page_size": 0}}, "Page size: Ensure this value is greater than or equal to 1."),
        ({"options": {"pagination": "by magic"}}, "not one of the available choices"),
        ({"options": {"title_path": "a..b"}}, "Title: This is no path."),
        ({"base_url": "nonsense"}, "Base url: Enter a valid URL."),
        ({"max_attempts": 0}, "Max attempts: Ensure this value is greater than or equal to 1."),
        ({"ca_bundle": "nonsense"}, "These are no certificates."),
        ({"slug": "github"}, "already exists"),
    ],
)
def test_what_the_form_would_not_take_is_not_set_back(cms: Service, columns: dict[str, Any], sentence: str) -> None:
    now = {name: getattr(cms, name) for name in columns}
    Service.objects.update(**columns)
    entry = change(cms, **now)
    if columns == {"slug": "github"}:
        Service.objects.create(slug="github", name="GitHub", system="github", base_url="https://api.example")
    said = refusal(entry)
    assert said.startswith("What was set before is not allowed any more.")
    assert sentence in said


def test_an_option_that_the_system_gave_up_stays_and_says_so(cms: Service) -> None:
    entry = change(cms, options={"old": 1})
    assert refusal(entry) == "old: Its system has no such setting any more."
    both = change(cms, options={"old": 2, "page_size": 9})
    roll_back(both)
    assert Service.objects.get().options == {"old": 2}


def test_without_its_system_nothing_is_set_back(cms: Service) -> None:
    entry = change(cms, name="Renamed")
    Service.objects.update(system="gone")
    assert refusal(entry) == "The system of Renamed is gone, so that nobody can say what may be set."


def test_a_secret_of_which_only_the_fingerprint_is_known_stays(cms: Service) -> None:
    credentials.store(cms, "token", "old")
    entry = replace_secret(cms, "token", "new")
    assert refusal(entry) == f"API token or key: {settings_rollback.LOST}"
    assert one_of(cms, "token") == "new"


def test_beside_such_a_secret_the_rest_is_set_back(cms: Service) -> None:
    credentials.store(cms, "token", "old")
    with watched(cms, None, ADMIN):
        credentials.store(cms, "token", "new")
        Service.objects.update(name="Renamed")
    made = roll_back(SettingsChange.objects.get())
    assert [line.label for line in told(made)] == ["Name"]
    assert one_of(cms, "token") == "new"


def test_a_secret_that_is_valid_beside_its_successor_becomes_the_current_one_again(github: Service) -> None:
    old = one_of(github, "webhook_secret")
    entry = replace_secret(github, "webhook_secret", "new", keep_old_for=timedelta(hours=1))
    made = roll_back(entry)
    assert all_of(github, "webhook_secret") == [old, "new"]
    current, before = credentials.active(github, "webhook_secret")
    assert current.superseded_at is None
    assert before.expires_at
    assert timezone.now() + timedelta(minutes=59) < before.expires_at < timezone.now() + timedelta(minutes=61)
    roll_back(made)
    assert all_of(github, "webhook_secret") == ["new", old]


def test_once_it_has_expired_it_is_lost(github: Service) -> None:
    entry = replace_secret(github, "webhook_secret", "new", keep_old_for=timedelta(hours=1))
    Credential.objects.exclude(superseded_at=None).update(expires_at=timezone.now())
    assert settings_rollback.LOST in refusal(entry)


def test_a_reference_and_the_absence_of_a_secret_are_set_back(cms: Service) -> None:
    first = replace_secret(cms, "token", "env:TOKEN_OF_THE_TESTS")
    second = replace_secret(cms, "token", "stored")
    roll_back(second)
    assert credentials.active(cms, "token")[0].reference == "env:TOKEN_OF_THE_TESTS"
    roll_back(first)
    assert credentials.by_field(cms) == {}


def test_a_reference_that_may_not_be_followed_any_more_stays_away(cms: Service) -> None:
    entry = replace_secret(cms, "token", "stored")
    SettingsChange.objects.update(fields=[{**entry.fields[0], "from": {"reference": "env:SECRET_KEY"}}])
    assert (
        refusal(entry)
        == "API token or key: The variable SECRET_KEY is the console's own. Name one that was set for this service."
    )


@pytest.mark.django_db(transaction=True)
def test_of_several_who_roll_back_what_they_saw_one_does_and_the_others_are_told(cms: Service) -> None:
    entry = change(cms, name="Renamed")

    def attempt() -> str:
        try:
            return str(roll_back(entry, seen=entry.pk).rolls_back_id)
        except ops.Impossible as reason:
            return str(reason)

    results = at_once(2 if connection.vendor == "sqlite" else 6, attempt)
    assert results.count(str(entry.pk)) == 1
    assert sum("was changed meanwhile" in said for said in results) == len(results) - 1
    assert SettingsChange.objects.count() == 2
