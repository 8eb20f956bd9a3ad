"""Every address of the admin, for everybody, with GET and with POST, against one table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse
from django.utils import timezone
from django_q.models import OrmQ

from integrations.admin.live import STOP_POLLING
from integrations.models import (
    Essay,
    Incident,
    RecordError,
    RefusedDelivery,
    Service,
    ServiceState,
    SyncRun,
    WebhookEvent,
)
from integrations.roles import MANAGER, OPERATOR, VIEWER
from tests.admin.asking import SUBMITTED, TOKEN, messages_of, said, strict, tables
from tests.admin.expectations import ACTS, EXPECTED, MANAGES, MODELS, ROOT, STAFF, Page
from tests.admin.population import one_of_each
from tests.conftest import MakePerson

pytestmark = pytest.mark.django_db
WITH_TOKEN = {"csrfmiddlewaretoken": TOKEN}
PEOPLE = ("anonymous", *STAFF.split())
PLAIN = {"changelist", "add", "history", "delete", "change", "live", "export", "password_change"}
PLAIN |= {"try", "try_new", "raw", "now", "tiles", "original", "replace", "derivative", "download", "import"}
DONE_AT_ONCE = (
    *("_close_circuit", "_hold_circuit_open", "_purge_cache", "_roll_back", "_cancel", "_forget_position"),
    *("_pause_events", "_resume_events", "_quarantine"),
    *("_skip", "_count_again", "_restore", "_restore_marked", "_keep", "_pause", "_resume", "_set_position"),
    *("_acknowledge", "_ignore", "_watch", "_resolve", "_pause_checks", "_resume_checks"),
)
FILLED_IN = SUBMITTED | {"reason": "Because.", "start": "2026-03-01", "end": "2026-03-02", "moment": "2026-03-01T10:30"}
# What a row must be like for an action to make sense, where those of the population are not.
FITTING: dict[str, dict[str, Any]] = {
    "_count_again": {"state": RecordError.State.SKIPPED},
    **{verb: {"state": Incident.State.OPEN} for verb in ("_acknowledge", "_ignore", "_resolve")},
    "_watch": {"state": Incident.State.IGNORED},
    "webhookevent_cancel": {"state": "queued"},
    "_cancel_all": {"state": "queued"},
    "_cancel": {"state": "running"},
    "_process": {"state": "held"},
    "_resume_events": {"events_paused_at": timezone.now()},
    "_approve": {"state": SyncRun.State.HELD, "withheld": 1},
    "_keep": {"state": SyncRun.State.HELD},
    "_apply_plan": {"mode": SyncRun.Mode.PREVIEW, "state": "succeeded", "created": 1, "finished_at": timezone.now()},
    "_restore": {"deleted_at": timezone.now()},
    "_resume": {"paused_at": timezone.now()},
    "_release": {"state": "quarantined", "sha256": "0" * 64},
    "_set_position": {"last_full_at": timezone.now()},
}
OF_MANAGERS = {
    *("integrations_stream_set_position", "integrations_stream_forget_position"),
    "integrations_settingschange_roll_back",
    "integrations_mediaattachment_release",
    *("integrations_webhookevent_replay_all", "integrations_webhookevent_cancel_all"),
    "integrations_bulkoperation_cancel",
}
ACTIONS = [f"{model}_{kind}" for model, pages in MODELS.items() for kind in pages if kind not in PLAIN]


@pytest.fixture
def rows(db: None) -> None:
    one_of_each()


@pytest.fixture
def people(person: MakePerson, root: User) -> dict[str, User | None]:
    staff = {"viewer": person("viewer", VIEWER), "operator": person("operator", OPERATOR)}
    more = {"manager": person("manager", MANAGER), "stranger": person("stranger"), "root": root}
    return {"anonymous": None, **staff, **more}


def patterns(found: Iterable[Any], before: str = "") -> Iterator[tuple[str | None, str]]:
    for each in found:
        if isinstance(each, URLResolver):
            yield from patterns(each.url_patterns, before + str(each.pattern))
        elif isinstance(each, URLPattern):
            yield each.name, before + str(each.pattern)


NAMES = {name for name, _path in patterns(admin.site.get_urls()) if name}


def model_of(name: str) -> type[Model]:
    owner = next(model for model in sorted(MODELS, key=len, reverse=True) if name.startswith(f"{model}_"))
    app, _, model = owner.rpartition("_")
    return apps.get_model(app, model)


def address(name: str, wanted: Page, pk: object = None) -> str:
    if wanted.needs == "content type":
        event = WebhookEvent.objects.order_by("pk")[0]
        return reverse(f"admin:{name}", args=[ContentType.objects.get_for_model(event).pk, event.pk])
    if wanted.needs == "file":
        return reverse(f"admin:{name}", args=[pk or row_for(name).pk, "0" * 64, "1-large.jpg"])
    if wanted.needs == "app":
        return reverse(f"admin:{name}", args=["integrations"])
    if wanted.needs == "pk":
        return reverse(f"admin:{name}", args=[pk or row_for(name).pk])
    return reverse(f"admin:{name}")


def row_for(name: str) -> Any:
    """One with which everything that the page offers can be done."""
    model = model_of(name)
    if name.endswith("_send_sample"):
        return Service.objects.filter(system="github").order_by("pk")[0]
    if name.endswith("_verify_refused"):
        return RefusedDelivery.objects.order_by("pk")[0].service
    ready: dict[type[Model], dict[str, Any]] = {
        Service: {"streams__runs__state": SyncRun.State.SUCCEEDED},
        SyncRun: {"state": SyncRun.State.SUCCEEDED},
    }
    return model._default_manager.filter(**ready.get(model, {})).order_by("pk")[0]


def make_fitting(name: str) -> None:
    """So that the action has something to do at the row it is tried on."""
    values = next((values for ending, values in FITTING.items() if name.endswith(ending)), {})
    row = row_for(name)
    if values:
        type(row)._default_manager.filter(pk=row.pk).update(**values)
    if name.endswith("_resume_checks"):
        ServiceState.objects.filter(service=row).update(checks_paused_at=timezone.now())
    if name.endswith("_verify_refused"):
        RefusedDelivery.objects.exclude(pk=RefusedDelivery.objects.order_by("pk")[0].pk).delete()
    if name.endswith("_restore_marked"):
        Essay.objects.filter(last_run=row).update(deleted_at=timezone.now())


def expected(who: str, allowed: str, granted: int, wanted: Page) -> int:
    if who == "anonymous":
        return 302
    return granted if who in allowed.split() else wanted.refused


def answer(response: HttpResponseBase) -> int:
    """Its status; a live page that has come to its end is as good as one that has not."""
    return {STOP_POLLING: 200}.get(response.status_code, response.status_code)


def test_every_address_of_the_admin_is_in_the_table() -> None:
    assert set(EXPECTED) == NAMES


def test_addresses_without_a_name_only_lead_on_to_named_ones() -> None:
    unnamed = {
        path.split("/")[-2] if path.endswith("/") else path
        for name, path in patterns(admin.site.get_urls())
        if not name
    }
    assert unnamed == {"<path:object_id>", "(?P<url>.*)$"}


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.usefixtures("rows")
def test_gets_are_answered_as_the_table_says_and_change_nothing(people: dict[str, User | None], who: str) -> None:
    client, wrong = strict(people[who]), {}
    before, login = tables(), reverse("admin:login")
    for name, wanted in EXPECTED.items():
        response = client.get(address(name, wanted))
        should = expected(who, wanted.gets, wanted.got, wanted)
        if who == "anonymous" and name == "login":
            should = 200
        if answer(response) != should:
            wrong[name] = f"{response.status_code}, not {should}"
        elif who == "anonymous" and should == 302 and name != "logout" and login not in response.headers["Location"]:
            wrong[name] = f"leads to {response.headers['Location']}"
    assert wrong == {}
    assert tables() == before


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.usefixtures("rows")
def test_posts_are_answered_as_the_table_says(people: dict[str, User | None], who: str) -> None:
    client, wrong = strict(people[who]), {}
    last = {"delete": 1, "logout": 2}
    for name, wanted in sorted(EXPECTED.items(), key=lambda each: last.get(each[0].rpartition("_")[2], 0)):
        response = client.post(address(name, wanted), WITH_TOKEN)
        should = expected(who, wanted.posts, wanted.posted, wanted)
        if name == "login":
            should = 200  # with the sentence that name and password are missing
        if answer(response) != should:
            wrong[name] = f"{response.status_code}, not {should}"
    assert wrong == {}


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.usefixtures("rows")
def test_posts_without_the_token_are_refused_and_change_nothing(people: dict[str, User | None], who: str) -> None:
    client, before = strict(people[who]), tables()
    answers = {
        name: client.post(address(name, wanted), {"post": "yes", "_form_submitted": "on"}).status_code
        for name, wanted in EXPECTED.items()
    }
    assert {name: status for name, status in answers.items() if status != 403} == {}
    assert tables() == before


def test_nobody_but_the_superuser_reaches_accounts_and_the_queue() -> None:
    closed = {name: page for name, page in EXPECTED.items() if name.startswith(("auth_", "django_q_"))}
    assert len(closed) == 26
    assert {page.gets for page in closed.values()} | {page.posts for page in closed.values()} == {ROOT, ""}


@pytest.mark.parametrize("app", ["auth", "django_q"])
def test_the_lists_of_their_models_do_not_exist_for_others(people: dict[str, User | None], app: str) -> None:
    found = {who: strict(people[who]).get(f"/admin/{app}/").status_code for who in STAFF.split()}
    assert found == dict.fromkeys(STAFF.split(), 404) | {"root": 200}


@pytest.mark.parametrize("name", [name for name, wanted in EXPECTED.items() if wanted.needs == "pk"])
def test_pages_of_rows_that_do_not_exist_say_so(browser: Client, name: str) -> None:
    model = model_of(name)
    nowhere = "00000000-0000-0000-0000-000000000000" if model is WebhookEvent else "987654321"
    response = browser.get(address(name, EXPECTED[name], nowhere))
    kind = name.removeprefix(f"{model._meta.app_label}_{model._meta.model_name}_")
    if kind == "delete" and ROOT not in EXPECTED[name].gets.split():
        assert response.status_code == 403
    elif kind in {"change", "history", "delete"}:  # Django leads these back to the dashboard, with a sentence
        assert (response.status_code, response.headers["Location"]) == (302, reverse("admin:index"))
        assert "Perhaps it was deleted?" in messages_of(response)[0]
    else:
        response = browser.post(address(name, EXPECTED[name], nowhere), FILLED_IN)
        assert response.status_code == 404


@pytest.mark.parametrize("name", ACTIONS)
@pytest.mark.usefixtures("rows")
def test_an_action_is_done_once_by_a_post_with_token_and_permission(people: dict[str, User | None], name: str) -> None:
    target, allowed = address(name, EXPECTED[name]), EXPECTED[name].posts.split()
    make_fitting(name)
    first = strict(people[allowed[0]])
    others = [strict(people[who]) for who in STAFF.split() if who not in allowed]
    before = tables()
    assert 'name="_form_submitted"' in said(first, target)
    assert {other.post(target, FILLED_IN).status_code for other in others} == {403}
    for wrong in ("", "x" * 32, "short"):
        assert first.post(target, FILLED_IN | {"csrfmiddlewaretoken": wrong}).status_code == 403
    assert tables() == before
    bells = OrmQ.objects.count()
    assert "HX-Redirect" in first.post(target, FILLED_IN).headers
    assert tables() != before
    assert OrmQ.objects.count() == bells + (not name.endswith(DONE_AT_ONCE))


def test_every_action_is_the_operators_but_what_only_managers_do() -> None:
    assert len(ACTIONS) == 54
    assert {name for name in ACTIONS if EXPECTED[name].posts != ACTS} == OF_MANAGERS
    assert {EXPECTED[name].posts for name in OF_MANAGERS} == {MANAGES}
