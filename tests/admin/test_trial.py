"""The buttons that try what is typed into the form of a service, and the page that adds one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django_q.models import OrmQ

from integrations import credentials, systems
from integrations.models import Service, Stream, Trial
from tests.admin.asking import messages_of, page, said, tables
from tests.admin.service_form import errors, filled
from tests.systems.contract import service_of
from tests.transport.server import Reply, ScriptedServer
from tests.worker import work_off

AsPerson = Callable[[User], Client]
SECRET = "typed-and-not-saved-2718281828"
LIST = b'{"meta": {"total_count": 2}, "items": [{"id": 1, "title": "<b>One</b>"}, {"title": "no id"}]}'
CONNECTION = {"trial_kind": "connection"}
ARTICLES = {"trial_kind": "stream", "trial_subject": "articles"}
TRY = page(Service, "try_new")

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client(manager: User, as_person: AsPerson) -> Client:
    """The manager, signed in."""
    return as_person(manager)


def press(client: Client, service: Service, **typed: str) -> Any:
    return client.post(page(Service, "try", service.pk), filled(client, service, **typed))


def came_of(client: Client) -> str:
    """The newest trial as its page shows it, once a worker was there."""
    work_off()
    return said(client, page(Trial, "live", Trial.objects.earliest("-pk").pk))


def press_new(client: Client, **typed: str) -> Any:
    """As on the page that adds a service, once its system is chosen."""
    form = client.get(page(Service, "add", system=typed["system"])).context["adminform"].form
    shown = {name: form[name].value() for name in form.fields} | {"name": "New", "slug": "new"} | typed
    return client.post(TRY, {name: value for name, value in shown.items() if value not in {None, False}})


def test_test_connection_tries_what_is_typed_and_saves_nothing(
    client: Client, cms: Service, remote: ScriptedServer, sandbox_url: str
) -> None:
    remote.answers(Reply(401), Reply(body=LIST))
    response = press(client, cms, **CONNECTION, base_url=remote.url, secret__token=SECRET)
    assert 'hx-trigger="every 1s' in response.content.decode()
    shown = came_of(client)
    assert "It answered 401" in shown
    assert "hx-get" not in shown
    press(client, cms, **CONNECTION, base_url=remote.url, secret__token=SECRET, option__page_size="7")
    assert "The service answers. 2 articles." in came_of(client)
    assert [asked.headers["authorization"] for asked in remote.asked] == [f"Bearer {SECRET}"] * 2
    cms.refresh_from_db()
    assert (cms.base_url, cms.options, credentials.by_field(cms)) == (f"{sandbox_url}/cms", {}, {})


def test_try_it_shows_items_as_they_would_be_stored(client: Client, cms: Service, remote: ScriptedServer) -> None:
    remote.answers(Reply(body=LIST))
    press(client, cms, **ARTICLES, base_url=remote.url)
    shown = came_of(client)
    assert "The first page has 2 items, of which 1 would be rejected." in shown
    assert "The service says there are 2 in all." in shown
    assert "&lt;b&gt;One&lt;/b&gt;" in shown
    assert "Correct the path of the id" in shown
    assert f"?correlation_id={Trial.objects.get().correlation_id}" in shown


def test_what_would_not_be_saved_is_not_tried_and_its_field_is_named(client: Client, cms: Service) -> None:
    shown = press(client, cms, **CONNECTION, option__page_size="0", base_url="nonsense").content.decode()
    assert "Nothing was tried" in shown
    assert "Page size: Ensure this value is greater than or equal to 1." in shown
    assert "Base URL: Enter a valid URL." in shown
    assert [Trial.objects.count(), OrmQ.objects.count()] == [0, 0]


def test_a_layout_is_looked_up_before_there_is_one(client: Client, sandbox_url: str) -> None:
    service = service_of(systems.get("filemaker"), sandbox_url)
    assert '"trial_subject": "layout"' in said(client, service.get_absolute_url()).replace("&quot;", '"')
    press(client, service, trial_kind="lookup", trial_subject="layout", option__layout="")
    shown = came_of(client)
    assert '<select data-fill="id_option__layout">' in shown
    assert "<option>Parcels &amp; Owners</option>" in shown
    refused = press(client, service, **CONNECTION, option__layout="")
    assert "Layout: This field is required." in refused.content.decode()


def test_a_double_click_is_one_trial(client: Client, cms: Service) -> None:
    shown = [press(client, cms, **CONNECTION).content.decode() for _ in range(2)]
    assert all(page(Trial, "live", Trial.objects.get().pk) in each for each in shown)
    assert [Trial.objects.count(), OrmQ.objects.count()] == [1, 1]


@pytest.mark.parametrize("who", ["stranger", "viewer", "operator"])
def test_who_may_not_save_settings_may_neither_try_nor_look(
    request: Any, as_person: AsPerson, client: Client, cms: Service, who: str
) -> None:
    press(client, cms, **CONNECTION)
    other, before = as_person(request.getfixturevalue(who)), tables()
    addresses = (page(Service, "try", cms.pk), TRY, page(Trial, "live", Trial.objects.get().pk))
    answers = [other.post(address, {**CONNECTION, "system": "cms"}).status_code for address in addresses]
    assert answers == [403] * 3
    assert tables() == before
    if who != "stranger":
        assert "Test connection" not in said(other, cms.get_absolute_url())


def test_who_may_save_and_not_try_sees_no_button(as_person: AsPerson, stranger: User, sandbox_url: str) -> None:
    names = ("view_service", "change_service", "add_service")
    stranger.user_permissions.set(Permission.objects.filter(codename__in=names))
    service, client = service_of(systems.get("filemaker"), sandbox_url), as_person(stranger)
    for address in (service.get_absolute_url(), page(Service, "add", system="filemaker")):
        html = said(client, address)
        assert 'name="option__layout"' in html
        assert "../try/" not in html
    assert press(client, service, **CONNECTION).status_code == 403


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"trial_kind": "nonsense"},
        {"trial_kind": "stream", "trial_subject": "nonsense"},
        {"trial_kind": "lookup", "trial_subject": "page_size"},
        {"trial_kind": "connection", "trial_subject": "articles"},
    ],
)
def test_what_no_button_asks_for_is_not_found(client: Client, cms: Service, asked: dict[str, str]) -> None:
    assert press(client, cms, **asked).status_code == 404
    assert not Trial.objects.exists()


def test_the_page_of_a_chosen_system_has_its_fields_with_address_and_help(client: Client) -> None:
    html = said(client, page(Service, "add", system="github", name="Essays", slug="essays"))
    assert 'value="https://api.github.com"' in html
    assert 'value="Essays"' in html
    for wanted in (
        'name="option__repository"',
        'name="secret__token"',
        "Owner and name: octo-org/essays",
        "Try “Files”",
    ):
        assert wanted in html
    first = said(client, page(Service, "add"))
    assert '<option value="" selected>Choose one</option>' in first
    assert "Choose the system: what it asks for then appears here." in first
    assert "Test connection" not in first


def test_a_service_is_added_in_one_step(client: Client) -> None:
    typed = {"name": "Essays", "slug": "essays", "system": "github", "base_url": "https://api.github.com"}
    address = page(Service, "add", system="github")
    form = client.get(address).context["adminform"].form
    shown = {name: form[name].value() for name in form.fields} | typed
    wrong = {name: value for name, value in shown.items() if value not in {None, False}} | {"option__pattern": ""}
    assert list(errors(client.post(address, wrong))) == ["option__pattern"]
    right = wrong | {"option__pattern": "*.txt", "secret__token": SECRET}
    response = client.post(address, right)
    service = Service.objects.get()
    assert (response.status_code, messages_of(response)) == (302, ["The service is added. Press “Check now”."])
    assert service.options == {"pattern": "*.txt"}
    assert list(credentials.by_field(service)) == ["token"]
    assert set(Stream.objects.values_list("name", "enabled")) == {("files", True), ("records", False)}


def test_fields_of_one_system_are_not_taken_for_another(client: Client) -> None:
    response = client.post(page(Service, "add", system="github"), {"name": "x", "slug": "x", "system": "cms"})
    assert errors(response)["system"] == ["The fields below are those of GitHub. Choose the system again."]


def test_a_service_that_is_being_added_can_be_tried(
    client: Client, as_person: AsPerson, root: User, remote: ScriptedServer
) -> None:
    remote.answers(Reply(body=LIST))
    assert press_new(client, system="cms", base_url=remote.url, secret__token=SECRET, **ARTICLES).status_code == 200
    shown = came_of(client)
    assert "The first page has 2 items" in shown
    assert "correlation_id" not in shown
    assert f"GET {remote.url}" in shown
    assert not Service.objects.exists()
    nobody_elses = as_person(root).get(page(Trial, "live", Trial.objects.get().pk))
    assert nobody_elses.status_code == 404
    assert "Name: This field is required." in press_new(client, system="cms", name="", **CONNECTION).content.decode()
    assert client.post(TRY, {**CONNECTION, "system": "unheard of"}).status_code == 404


def test_nothing_is_tried_for_a_service_whose_system_is_gone(client: Client, cms: Service) -> None:
    Service.objects.update(system="gone")
    assert client.post(page(Service, "try", cms.pk), CONNECTION).status_code == 403
    assert "Test connection" not in said(client, cms.get_absolute_url())
