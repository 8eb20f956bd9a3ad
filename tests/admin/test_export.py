"""Exports: who may, that no cell is a formula, no secret, and that only services can be imported."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.utils import timezone
from import_export.admin import ImportMixin

from integrations import credentials
from integrations.cells import CUT
from integrations.models import Call, Essay, HealthCheck, Property, Record, Service, Stream, SyncRun, WebhookEvent
from tests.admin.asking import page, registered, tables
from tests.admin.population import CANARY, one_of_each

AsPerson = Callable[[User], Client]
FORMATS = {"csv": "0", "json": "1", "xlsx": "2"}
COPIED = {Essay: "essay", Property: "property", Record: "record"}
NAUGHTY = Path(__file__).parents[2].parent / "shared/data/strings/blns.json"
LOGGED = (Stream, Call, WebhookEvent, SyncRun, HealthCheck)
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
    "'=1+1",
    "''-",
]
HARMLESS = ["Essay", "a=b", "1+1", "'a", "#VALUE!", "<script>", "", "日本 – ok", "(=1)"]


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
    if "sheet" in response.headers["Content-Type"]:
        return sheet_of(response)
    text = response.content.decode()
    if "json" in response.headers["Content-Type"]:
        found: list[dict[str, Any]] = json.loads(text)
        return found
    return list(csv.DictReader(io.StringIO(text, newline="")))


def sheet_of(response: Any) -> list[dict[str, Any]]:
    sheet = openpyxl.load_workbook(io.BytesIO(response.content)).active
    assert sheet is not None
    assert not [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    names, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(map(str, names), ("" if v is None else v for v in row), strict=True)) for row in rows]


def text_of(response: Any) -> str:
    """All that a file says, whatever its format."""
    if "sheet" not in response.headers["Content-Type"]:
        return str(response.content.decode())
    with zipfile.ZipFile(io.BytesIO(response.content)) as parts:
        return "".join(parts.read(name).decode() for name in parts.namelist())


def copy(model: type[Any], service: Service, number: int = 1, **fields: Any) -> Any:
    common = {"external_id": str(number), "content_hash": "0" * 64, "synced_at": timezone.now()}
    return model.objects.create(service=service, stream=service.streams.get(), **common, **fields)


@pytest.mark.parametrize(
    ("who", "allowed"),
    [("stranger", []), ("viewer", []), ("operator", [*COPIED, *LOGGED]), ("manager", [*COPIED, *LOGGED, Service])],
)
def test_each_role_exports_what_it_may(
    request: Any, as_person: AsPerson, cms: Service, who: str, allowed: list[type]
) -> None:
    client = as_person(request.getfixturevalue(who))
    for model in (*COPIED, *LOGGED, Service):
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
    assert CANARY not in text_of(response)
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


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("model", LOGGED)
def test_a_log_comes_out_whole_and_without_bodies(client_of_manager: Client, model: type[Model], form: str) -> None:
    one_of_each()
    rows = rows_of(export(client_of_manager, model, form))
    assert {str(row["id"]) for row in rows} == {str(pk) for pk in model._default_manager.values_list("pk", flat=True)}
    assert not {"body", "headers", "parsed", "checkpoint", "lease_owner"} & set(rows[0])


@pytest.mark.parametrize("form", FORMATS)
def test_what_went_wrong_is_no_formula_in_a_log(client_of_manager: Client, cms: Service, form: str) -> None:
    HealthCheck.objects.create(service=cms, trigger="staff", state="failed", remark="=1+1", failure_message="@x")
    (row,) = rows_of(export(client_of_manager, HealthCheck, form))
    assert (row["remark"], row["failure_message"]) == ("'=1+1", "'@x")


def test_characters_that_no_sheet_can_hold_are_marked(client_of_manager: Client, cms: Service) -> None:
    copy(Essay, cms, title="a\x01b\x1b\uffff", body="\u202etfel\u200b")
    (row,) = rows_of(export(client_of_manager, Essay, "xlsx"))
    assert (row["title"], row["body"]) == ("a\ufffdb\ufffd\ufffd", "\u202etfel\u200b")


def test_a_text_that_is_too_long_for_a_cell_says_that_it_was_cut(client_of_manager: Client, cms: Service) -> None:
    copy(Essay, cms, title="x", body="a" * 40_000)
    (row,) = rows_of(export(client_of_manager, Essay, "xlsx"))
    assert row["body"] == "a" * (32_767 - len(CUT)) + CUT


@pytest.mark.parametrize("form", FORMATS)
def test_naughty_strings_come_out_as_text(client_of_manager: Client, cms: Service, form: str) -> None:
    if not NAUGHTY.exists():
        pytest.skip("the shared collection of strings is not here")
    texts = [text for text in json.loads(NAUGHTY.read_text()) if "\x00" not in text]
    for number, text in enumerate(texts):
        copy(Essay, cms, number, title=text[:200])
    assert len(rows_of(export(client_of_manager, Essay, form))) == len(texts)


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


@pytest.mark.parametrize("junk", ["bogus=1", "synced_at__year=99999", "service=%00", "items=1"])
def test_an_address_that_makes_no_sense_leads_to_all_rows(client_of_manager: Client, junk: str) -> None:
    response = client_of_manager.get(f"{page(Essay, 'export')}?{junk}")
    assert (response.status_code, response.headers["Location"]) == (302, page(Essay, "export"))


def test_an_export_reads_the_rows_in_one_go(
    client_of_manager: Client, cms: Service, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        copy(Essay, cms, number, title="x")
    with django_assert_max_num_queries(18):  # PostgreSQL is told how long to look, which SQLite is not
        assert len(rows_of(export(client_of_manager, Essay))) == 20


def test_nothing_but_services_can_be_imported(browser: Client, cms: Service) -> None:
    before = tables()
    for model in set(registered()) - {Service}:
        assert not isinstance(admin.site._registry[model], ImportMixin)
        address = f"{page(model, 'changelist')}import/"
        for response in (browser.get(address), browser.post(address, {"import_file": io.BytesIO(b"id,slug\n1,x\n")})):
            assert response.status_code in {302, 403, 404}, address
            assert "import_file" not in response.content.decode()
    assert tables() == before


@pytest.fixture
def client_of_manager(manager: User, as_person: AsPerson) -> Client:
    return as_person(manager)
