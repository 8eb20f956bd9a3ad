"""What a file of services would do, and that exactly that is done, as the form would do it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from integrations import credentials, exporting, systems
from integrations.importing import reading, services
from integrations.importing.plans import Plan
from integrations.models import Service, SettingsChange
from tests.admin.test_export import FORMULAS, HARMLESS

How = SettingsChange.How
FORMS = ("csv", "json", "xlsx")


def plan(*rows: dict[str, Any], by: User | None = None) -> Plan:
    return services.plan(services.kept(rows), by)


def objection(**row: Any) -> str:
    (step,) = plan(row).steps
    assert step.kind == "refused"
    assert not step.lines
    return " ".join(step.objections)


def do(*rows: dict[str, Any], by: User | None = None) -> Plan:
    shown = plan(*rows, by=by)
    return services.apply(services.kept(rows), by, How.ADMIN, shown.fingerprint)


@pytest.fixture
def much(cms: Service) -> Service:
    """With something in every column."""
    text = {
        "name": "=1+1",
        "notes": "\n".join(FORMULAS + HARMLESS) + "\ttab",
        "runbook_url": "https://example.org/?a=1",
    }
    more = {"bodies_until": timezone.now(), "per_hour": 100, "legal_hold": True, "owner_email": "a@example.org"}
    for name, value in {**text, **more}.items():
        setattr(cms, name, value)
    cms.options = {"page_size": 7}
    cms.save()
    Service.objects.create(slug="plain", name="'=Plain", system="github", base_url="https://api.example.org")
    return cms


@pytest.mark.parametrize("form", FORMS)
def test_what_was_exported_is_imported_without_a_difference(much: Service, tmp_path: Path, form: str) -> None:
    path = tmp_path / f"services.{form}"
    exporting.export(Service.objects.all(), form, path)
    found = plan(*reading.rows(path.name, path.read_bytes()))
    assert [(step.kind, step.objections, step.told) for step in found.steps] == [("unchanged", [], [])] * 2
    assert found.verb == ""


@pytest.mark.parametrize("form", FORMS)
def test_what_was_exported_makes_the_same_services_elsewhere(much: Service, tmp_path: Path, form: str) -> None:
    path, names = tmp_path / f"services.{form}", [field.name for field in exporting.columns(Service)]
    exporting.export(Service.objects.all(), form, path)
    own = [name for name in names if name not in services.NOT_IMPORTED]
    before = list(Service.objects.order_by("slug").values(*own))
    Service.objects.all().delete()
    assert do(*reading.rows(path.name, path.read_bytes())).counts == {"new": 2}
    assert list(Service.objects.order_by("slug").values(*own)) == before


def test_the_difference_is_told_setting_by_setting(cms: Service) -> None:
    found = plan({"slug": cms.slug, "name": "Other", "per_hour": "10"}, {"slug": "new", "name": "New", "system": "cms"})
    changed, new = found.steps
    assert [(line.label, line.before, line.after) for line in changed.told] == [
        ("Name", cms.name, "Other"),
        ("Calls an hour", "empty", "10"),
    ]
    assert (changed.kind, new.kind, found.verb) == ("changed", "refused", "")
    assert "Base url" in " ".join(new.objections)


@pytest.mark.parametrize(
    ("kinds", "verb"),
    [
        ("n", "Create 1 service"),
        ("nn", "Create 2 services"),
        ("c", "Change 1 service"),
        ("nc", "Create 1 and change 1 services"),
        ("u", ""),
    ],
)
def test_the_button_says_what_it_will_do(cms: Service, kinds: str, verb: str) -> None:
    rows = {
        "n": {"name": "New", "system": "github"},
        "c": {"slug": cms.slug, "name": "Other"},
        "u": {"slug": cms.slug, "name": cms.name},
    }
    assert plan(*({"slug": f"s{n}", **rows[kind]} for n, kind in enumerate(kinds))).verb == verb


def test_what_is_done_stands_in_the_history_with_who_did_it(cms: Service, manager: User) -> None:
    do({"slug": cms.slug, "name": "Other"}, {"slug": "new", "name": "New", "system": "github"}, by=manager)
    entry = SettingsChange.objects.get()
    assert (entry.service, entry.actor, entry.how) == (cms, manager, How.ADMIN)
    assert [(line.field, line.after) for line in entry.lines] == [("name", "Other")]
    made = Service.objects.get(slug="new")
    assert made.streams.exists()
    assert made.state.health == "unknown"


def test_a_column_that_is_not_there_and_a_secret_stay_as_they_are(cms: Service) -> None:
    credentials.store(cms, "token", "a secret")
    Service.objects.filter(pk=cms.pk).update(notes="kept")
    do({"slug": cms.slug, "name": "Other"})
    cms.refresh_from_db()
    assert (cms.name, cms.notes, cms.credentials.count()) == ("Other", "kept", 1)


def test_an_empty_cell_is_nothing(cms: Service) -> None:
    Service.objects.filter(pk=cms.pk).update(notes="x", per_hour=5, options={"page_size": 7})
    do({"slug": cms.slug, "notes": "", "per_hour": "", "options": ""})
    cms.refresh_from_db()
    assert (cms.notes, cms.per_hour, cms.options) == ("", None, {})


def test_an_option_that_equals_the_default_is_not_stored(cms: Service) -> None:
    do({"slug": cms.slug, "options": {"page_size": "7"}})
    cms.refresh_from_db()
    assert cms.options == {"page_size": 7}
    name, default = next((name, value) for name, value in systems.get("cms").defaults.items() if value)
    do({"slug": cms.slug, "options": {name: default}})
    cms.refresh_from_db()
    assert cms.options == {}


def test_nothing_is_written_where_something_else_would_be_done_than_was_shown(cms: Service) -> None:
    row = {"slug": cms.slug, "name": "Other"}
    shown = plan(row).fingerprint
    Service.objects.filter(pk=cms.pk).update(name="Another")
    with pytest.raises(services.Changed):
        services.apply([row], None, How.COMMAND, shown)
    assert Service.objects.get().name == "Another"


def test_a_service_that_somebody_added_meanwhile_is_not_overwritten(db: None) -> None:
    row = {"slug": "new", "name": "New", "system": "github"}
    shown = plan(row).fingerprint
    Service.objects.create(slug="new", name="Theirs", system="github")
    with pytest.raises(services.Changed):
        services.apply([row], None, How.COMMAND, shown)


def test_a_service_that_is_added_at_the_same_moment_is_not_overwritten(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After it was looked for and before it is written."""
    row, write = {"slug": "new", "name": "New", "system": "github"}, services._write

    def later(*given: Any) -> None:
        Service.objects.create(slug="new", name="Theirs", system="github")
        write(*given)

    shown = plan(row).fingerprint
    monkeypatch.setattr(services, "_write", later)
    with pytest.raises(services.Changed):
        services.apply([row], None, How.COMMAND, shown)


def test_all_is_done_or_nothing(cms: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    save = Service.save

    def fails(service: Service, *args: Any, **kwargs: Any) -> None:
        if service.slug == "second":
            raise ConnectionError
        save(service, *args, **kwargs)

    monkeypatch.setattr(Service, "save", fails)
    with pytest.raises(ConnectionError):
        do({"slug": cms.slug, "name": "Other"}, {"slug": "second", "name": "New", "system": "github"})
    assert [each.name for each in Service.objects.all()] == [cms.name]
    assert not SettingsChange.objects.exists()


def test_a_refused_row_keeps_all_of_them_from_being_done(cms: Service) -> None:
    rows = [{"slug": cms.slug, "name": "Other"}, {"slug": "bad slug", "name": "", "system": "cms"}]
    with pytest.raises(services.Changed):
        services.apply(rows, None, How.COMMAND, plan(*rows).fingerprint)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"slug": ""}, "There are:"),
        ({"slug": "new", "name": "New", "system": "nonesuch"}, "there is none called “nonesuch”"),
        ({"slug": "new", "name": "", "system": "github"}, "Name:"),
        ({"slug": "bad slug!", "name": "x", "system": "github"}, "Slug:"),
        ({"slug": "cms", "system": "github"}, "chosen once"),
        ({"slug": "cms", "base_url": "https://u:p@example.org"}, "Leave user and password out"),
        ({"slug": "cms", "base_url": "ftp:"}, "Base url:"),
        ({"slug": "cms", "per_hour": "many"}, "Calls an hour:"),
        ({"slug": "cms", "per_hour": -1}, "Per hour:"),
        ({"slug": "cms", "per_hour": 10**30}, "hour"),
        ({"slug": "cms", "deadline_s": 1e999}, "a number that ends"),
        ({"slug": "cms", "deadline_s": "nan"}, "a number that ends"),
        ({"slug": "cms", "deadline_s": ""}, "Deadline s:"),
        ({"slug": "cms", "enabled": "perhaps"}, "Enabled:"),
        ({"slug": "cms", "bodies_until": "yesterday"}, "Keep all bodies until:"),
        ({"slug": "cms", "name": ["x"]}, "Write a text"),
        ({"slug": "cms", "per_hour": [1]}, "Write one value"),
        ({"slug": "cms", "options": "[1]"}, "Write a JSON object"),
        ({"slug": "cms", "options": "{"}, "Write a JSON object"),
        ({"slug": "cms", "options": {"token": "hidden words"}}, "there is none called “token”"),
        ({"slug": "cms", "options": {"page_size": "x"}}, "Enter a whole number"),
        ({"slug": "cms", "ca_bundle": "no certificate"}, "Ca bundle:"),
    ],
)
def test_what_the_form_would_refuse_is_refused(cms: Service, row: dict[str, Any], sentence: str) -> None:
    said = objection(**row)
    assert sentence in said
    assert "hidden words" not in said


def test_the_same_slug_twice_is_refused(cms: Service) -> None:
    first, second = plan({"slug": cms.slug, "name": "A"}, {"slug": cms.slug, "name": "B"}).steps
    assert (first.kind, second.kind) == ("changed", "refused")


def test_whom_to_believe_needs_its_permission(cms: Service, manager: User) -> None:
    row = {"slug": cms.slug, "options": {"hook_scheme": "none"}}
    (step,) = plan(row, by=manager).steps
    assert "needs a permission of its own" in " ".join(step.objections)


@pytest.mark.parametrize("name", ["token", "secrets.token", "password", "state", "credentials"])
def test_an_unknown_column_is_refused_without_its_values(name: str) -> None:
    with pytest.raises(services.Refused, match=f"“{name}”.*Secrets are never imported") as caught:
        services.kept([{"slug": "cms", name: "hidden words"}])
    assert "hidden words" not in str(caught.value)


def test_a_file_without_slugs_is_refused() -> None:
    with pytest.raises(services.Refused, match="no column “slug”"):
        services.kept([{"name": "x"}])


def test_as_many_queries_for_many_rows_as_for_one(cms: Service, django_assert_num_queries: Any) -> None:
    rows = [{"slug": f"s{n}", "name": "New", "system": "github"} for n in range(200)]
    with django_assert_num_queries(1):
        assert plan({"slug": cms.slug, "name": "x"}, *rows).counts == {"new": 200, "changed": 1}
