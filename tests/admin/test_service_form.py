"""The form of a service: built from what its System declares."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from integrations import systems
from integrations.admin.conditions import OPTION
from integrations.admin.service_form import form_for
from integrations.connections import transport_for
from integrations.models import Service, Stream
from integrations.option_fields import json_path
from integrations.recorder import Cause
from integrations.systems.base import Option
from tests.admin.asking import messages_of, page, said
from tests.admin.service_form import errors, save
from tests.transport.certificates import Authority
from tests.transport.server import ScriptedServer

AsPerson = Callable[[User], Client]
CHOSEN = {option.name: option for option in systems.get("cms").options}


@pytest.fixture
def client(manager: User, as_person: AsPerson) -> Client:
    """The manager, signed in."""
    return as_person(manager)


def test_each_option_has_a_field_with_the_systems_label_help_and_default(client: Client, cms: Service) -> None:
    form = client.get(cms.get_absolute_url()).context["adminform"].form
    for name, option in CHOSEN.items():
        field = form.fields[f"{OPTION}{name}"]
        assert (field.label, field.help_text, field.required) == (option.label, option.help, option.required)
        assert form[f"{OPTION}{name}"].value() == option.default


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("page_size", "0", "greater than or equal to 1"),
        ("page_size", "1001", "less than or equal to 1000"),
        ("page_size", "many", "whole number"),
        ("items_path", "", "required"),
        ("pagination", "by magic", "not one of the available choices"),
        ("resource_path", "", "required"),
        ("title_path", "a..b", "Write names with dots between them"),
        ("slug_path", "[", "Write names with dots between them"),
    ],
)
def test_a_value_an_option_does_not_take_is_refused_at_its_field(
    client: Client, cms: Service, name: str, value: str, sentence: str
) -> None:
    (field, found), *more = errors(save(client, cms, **{f"{OPTION}{name}": value})).items()
    assert (field, more) == (f"{OPTION}{name}", [])
    assert sentence in found[0]
    cms.refresh_from_db()
    assert cms.options == {}


def test_paths_of_any_text_are_taken_or_refused_in_a_sentence(cms: Service, shared_data: Path) -> None:
    field = form_for(cms).base_fields[f"{OPTION}title_path"]
    naughty = json.loads((shared_data / "strings" / "blns.json").read_text())
    hostile = ["(" * 3000, "[" * 3000, "a." * 3000 + "b", "`" * 3, '`"\\ud800"`', "@" * 3000, "!" * 5000 + "a"]
    assert json_path in field.validators
    refused = 0
    for text in naughty + hostile:
        try:
            json_path(text)
        except ValidationError:
            refused += 1
    assert 200 < refused < len(naughty)


def test_only_what_differs_from_the_default_is_stored(client: Client, cms: Service) -> None:
    assert save(client, cms, **{f"{OPTION}page_size": "50", f"{OPTION}slug_path": ""}).status_code == 302
    cms.refresh_from_db()
    assert cms.options == {"page_size": 50, "slug_path": ""}
    assert save(client, cms, **{f"{OPTION}page_size": ""}).status_code == 302
    cms.refresh_from_db()
    assert cms.options == {"slug_path": ""}


def test_a_boolean_option_can_be_switched_on_and_off(cms: Service, rf: Any, root: User) -> None:
    """No System declares one yet, so this one does for a while."""
    request = rf.get("/")
    request.user = root
    switch = Option("deep", "Deep", kind="boolean", default=False)
    declared = replace(systems.get("cms"), slug="deep", options=(switch,))
    systems.all_systems()["deep"] = declared
    try:
        cms.system = "deep"
        limits = {"connect_timeout_s": "5", "deadline_s": "20", "max_attempts": "3", "max_response_mib": "5"}
        limits |= {"body_policy": "never", "retention_days": "9", "check_every_minutes": "5"}
        limits |= {f"keep_{what}_days": "9" for what in ("bodies", "events", "changes", "failures")}
        limits |= {"target_ms": "500", "max_delivery_mib": "1"}
        common = {"name": cms.name, "slug": cms.slug, "base_url": cms.base_url, **limits}
        for sent, stored in (({f"{OPTION}deep": "on"}, {"deep": True}), ({}, {})):
            form = admin.site._registry[Service].get_form(request, cms)({**common, **sent}, instance=cms)
            assert form.is_valid(), form.errors
            assert form.instance.options == stored
    finally:
        del systems.all_systems()["deep"]


def test_the_slug_stays_whatever_the_name_becomes_and_the_system_for_ever(client: Client, cms: Service) -> None:
    assert 'data-prepopulated-fields="[]"' in said(client, cms.get_absolute_url())
    assert save(client, cms, name="Another name", system="github").status_code == 302
    cms.refresh_from_db()
    assert (cms.name, cms.slug, cms.system) == ("Another name", "cms", "cms")


@pytest.mark.parametrize("where", ["viewer", "operator"])
def test_others_read_the_page_and_cannot_save_it(request: Any, as_person: AsPerson, cms: Service, where: str) -> None:
    client = as_person(request.getfixturevalue(where))
    html = said(client, cms.get_absolute_url())
    assert 'name="secret__token"' not in html
    assert client.post(cms.get_absolute_url(), {"name": "Taken over"}).status_code == 403


def add(client: Client, **fields: str) -> Any:
    return client.post(page(Service, "add"), {"name": "New", "slug": "new", "enabled": "on", **fields})


def test_a_new_service_leads_on_to_its_options(client: Client) -> None:
    response = add(client, system="cms", base_url="https://cms.example.org")
    service = Service.objects.get()
    assert (response.status_code, response.headers["Location"]) == (302, service.get_absolute_url())
    assert "Complete its options" in messages_of(response)[0]
    assert 'name="option__resource_path"' in said(client, service.get_absolute_url())
    assert [stream.name for stream in Stream.objects.all()] == ["articles"]


def test_a_system_with_an_address_of_its_own_needs_none(client: Client) -> None:
    assert add(client, system="github", base_url="").status_code == 302
    assert Service.objects.get().base_url == systems.get("github").base_url


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"base_url": ""}, "Say where this service is"),
        ({"base_url": "https://me:canary@cms.example.org"}, "Leave user and password out of the address"),
        ({"base_url": "javascript:alert(1)"}, "valid URL"),
        ({"base_url": "https://x.example.org\x00"}, "valid URL"),
        ({"slug": "no slug"}, "valid “slug”"),
        ({"system": "unheard of"}, "not one of the available choices"),
        ({"name": "x" * 101}, "at most 100 characters"),
    ],
)
def test_what_cannot_be_added_is_refused_in_a_sentence(client: Client, wrong: dict[str, str], sentence: str) -> None:
    found = errors(add(client, **{"system": "cms", "base_url": "https://cms.example.org", **wrong}))
    assert list(found) == list(wrong)
    assert sentence in found[next(iter(wrong))][0]
    assert not Service.objects.exists()


def test_a_slug_is_taken_once(client: Client, cms: Service) -> None:
    assert "already exists" in errors(add(client, slug="cms", system="github"))["slug"][0]


def test_a_service_whose_system_is_gone_can_be_read(client: Client, cms: Service) -> None:
    Service.objects.update(system="gone")
    html = said(client, cms.get_absolute_url())
    assert cms.base_url in html
    assert 'name="name"' not in html
    assert client.post(cms.get_absolute_url(), {"name": "x"}).status_code == 403
    assert "Not checked yet" in said(client, page(Service, "live", cms.pk))
    for address in (page(Service, "changelist"), reverse("admin:index")):
        assert cms.name in said(client, address)


def test_certificates_are_taken_where_they_are_some_and_objected_to_at_their_field(
    client: Client, cms: Service
) -> None:
    authority = Authority()
    refused = save(client, cms, ca_bundle="nonsense")
    assert errors(refused)["ca_bundle"][0].startswith("These are no certificates.")
    joined = authority.client().replace("\n", "")  # as a browser makes of it in a field of one line
    assert save(client, cms, ca_bundle=authority.pem, secret__client_certificate=joined).status_code == 302
    cms.refresh_from_db()
    with ScriptedServer(tls=authority.asking_server()) as server:
        cms.base_url = server.url
        with transport_for(cms, Cause("check", uuid.uuid4())) as transport:
            assert transport.get_json("try", "/") == {"fine": True}
