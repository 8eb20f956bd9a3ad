"""Exports: who may, that no cell is a formula, no secret, and that nothing can be imported."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.utils import timezone
from import_export.admin import ImportMixin

from integrations import credentials
from integrations.models import Essay, Property, Record, Service
from tests.admin.asking import page, registered, tables
from tests.admin.population import CANARY

AsPerson = Callable[[User], Client]
FORMATS = {"csv": "0", "json": "1"}
COPIED = {Essay: "essay", Property: "property", Record: "record"}
FORMULAS = [
    "=1+1",
    "==1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://example.org","x")',
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "  =1+1",
    "\u00a0=1+1",
    "\u3000@x",
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1",
    "\uff20x",
    "\tx",
    "\rx",
    "-",
    "=",
]
HARMLESS = ["Essay", "a=b", "1+1", "'=1+1", "#VALUE!", "<script>", "", "日本 – ok", "(=1)"]


def export(client: Client, model: type[Model], form: str = "csv", **query: object) -> Any:
    """The answer to the filled form, every field chosen."""
    address = page(model, "export", **query)
    shown = client.get(address)
    if shown.status_code != 200:
        return shown
    fields = {name: "on" for name in shown.context["form"].fields if name not in {"format", "resource", "export_items"}}
    return client.post(address, {"format": FORMATS[form], "resource": "0", **fields})


def rows_of(response: Any) -> list[dict[str, Any]]:
    assert response.status_code == 200
    text = response.content.decode()
    if "json" in response.headers["Content-Type"]:
        found: list[dict[str, Any]] = json.loads(text)
        return found
    return list(csv.DictReader(io.StringIO(text, newline="")))


def copy(model: type[Any], service: Service, number: int = 1, **fields: Any) -> Any:
    common = {"external_id": str(number), "content_hash": "0" * 64, "synced_at": timezone.now()}
    return model.objects.create(service=service, stream=service.streams.get(), **common, **fields)


@pytest.mark.parametrize(
    ("who", "allowed"), [("stranger", []), ("viewer", []), ("operator", list(COPIED)), ("manager", [*COPIED, Service])]
)
def test_each_role_exports_what_it_may(
    request: Any, as_person: AsPerson, cms: Service, who: str, allowed: list[type]
) -> None:
    client = as_person(request.getfixturevalue(who))
    for model in (*COPIED, Service):
        assert export(client, model).status_code == (200 if model in allowed else 403), model
        assert client.post(page(model, "export"), {"format": "0"}).status_code == (200 if model in allowed else 403)
        if who != "stranger":
            offered = page(model, "export") in client.get(page(model, "changelist")).content.decode()
            assert offered == (model in allowed), model


@pytest.mark.parametrize("form", FORMATS)
def test_essays_come_out_as_they_are(client_of_manager: Client, cms: Service, form: str) -> None:
    copy(Essay, cms, title="Über Tee, „grün“", body="one\ntwo; three", author="<b>")
    (row,) = rows_of(export(client_of_manager, Essay, form))
    assert (row["title"], row["body"], row["author"]) == ("Über Tee, „grün“", "one\ntwo; three", "<b>")
    assert str(row["service"]) == str(cms.pk)
    assert "content_hash" not in row


@pytest.mark.parametrize("form", FORMATS)
def test_services_come_out_without_their_secrets(client_of_manager: Client, cms: Service, form: str) -> None:
    credentials.store(cms, "token", CANARY)
    response = export(client_of_manager, Service, form)
    (row,) = rows_of(response)
    assert (row["slug"], row["system"], row["base_url"]) == ("cms", "cms", cms.base_url)
    assert CANARY not in response.content.decode()
    assert not [name for name in row if "credential" in name or "secret" in name or "token" in name]


@pytest.mark.parametrize("form", FORMATS)
def test_no_text_comes_out_as_a_formula(client_of_manager: Client, cms: Service, form: str) -> None:
    for number, text in enumerate(FORMULAS + HARMLESS):
        copy(Essay, cms, number, title=text, body=text, author=text, url=text)
    exported = {row["external_id"]: row for row in rows_of(export(client_of_manager, Essay, form))}
    for number, text in enumerate(FORMULAS + HARMLESS):
        row = exported[str(number)]
        safe = f"'{text}" if text in FORMULAS else text
        assert [row["title"], row["body"], row["author"], row["url"]] == [safe] * 4


def test_a_key_at_the_source_is_no_formula_either(client_of_manager: Client, cms: Service) -> None:
    copy(Record, cms, title="x", data={"=1": "=2"}).__class__.objects.update(external_id="=3")
    (row,) = rows_of(export(client_of_manager, Record))
    assert row["external_id"] == "'=3"
    assert json.loads(row["data"]) == {"=1": "=2"}


def test_numbers_stay_numbers(client_of_manager: Client, cms: Service) -> None:
    copy(Property, cms, address="-1 Street", latitude="-33.868820", longitude="-122.419400")
    (row,) = rows_of(export(client_of_manager, Property))
    assert (row["latitude"], row["longitude"], row["address"]) == ("-33.868820", "-122.419400", "'-1 Street")


def test_what_is_filtered_is_what_is_exported(client_of_manager: Client, cms: Service) -> None:
    for number, author in enumerate(("left", "right")):
        copy(Essay, cms, number, title=author, slug=author)
    assert [row["title"] for row in rows_of(export(client_of_manager, Essay, q="right"))] == ["right"]


@pytest.mark.parametrize("junk", ["bogus=1", "service=%00", "items=1"])
def test_an_address_that_makes_no_sense_leads_to_all_rows(client_of_manager: Client, junk: str) -> None:
    response = client_of_manager.get(f"{page(Essay, 'export')}?{junk}")
    assert (response.status_code, response.headers["Location"]) == (302, page(Essay, "export"))


def test_an_export_reads_the_rows_in_one_go(
    client_of_manager: Client, cms: Service, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        copy(Essay, cms, number, title="x")
    with django_assert_max_num_queries(14):
        assert len(rows_of(export(client_of_manager, Essay))) == 20


def test_nothing_can_be_imported(browser: Client, cms: Service) -> None:
    before = tables()
    for model in registered():
        assert not isinstance(admin.site._registry[model], ImportMixin)
        address = f"{page(model, 'changelist')}import/"
        for response in (browser.get(address), browser.post(address, {"import_file": io.BytesIO(b"id,slug\n1,x\n")})):
            assert response.status_code in {302, 403, 404}, address
            assert "import_file" not in response.content.decode()
    assert tables() == before


@pytest.fixture
def client_of_manager(manager: User, as_person: AsPerson) -> Client:
    return as_person(manager)
