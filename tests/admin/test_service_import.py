"""The import of services: nothing before the button, what was shown with it, and for managers alone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from integrations.models import Service, SettingsChange
from tests.admin.asking import messages_of, page, tables
from tests.admin.test_export import NAUGHTY

AsPerson = Callable[[User], Client]
ADDRESS = "/admin/integrations/service/import/"


@pytest.fixture
def client(manager: User, as_person: AsPerson, cms: Service) -> Client:
    return as_person(manager)


def upload(client: Client, data: bytes, name: str = "services.csv") -> str:
    response = client.post(ADDRESS, {"file": SimpleUploadedFile(name, data)})
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def hidden(html: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(rows|shown)" value="([^"]*)"', html)
    return {name: unescape(value) for name, value in found}


def test_what_it_would_do_is_shown_and_nothing_is_done(client: Client, cms: Service) -> None:
    before = tables()
    html = upload(client, b"slug,name,system\ncms,Other,cms\nnew,New,github\n")
    assert "Create 1 and change 1 services</button>" in html
    assert f'<del class="c-faint">{cms.name}</del> → Other' in html
    assert tables() == before


def test_the_button_does_it_and_says_who_did(client: Client, manager: User, cms: Service) -> None:
    response = client.post(ADDRESS, hidden(upload(client, b"slug,name,system\ncms,Other,cms\nnew,New,github\n")))
    assert (response.status_code, response.headers["Location"]) == (302, page(Service, "changelist"))
    assert "Services created: 1 and changed: 1." in messages_of(response)[0]
    assert dict(Service.objects.values_list("slug", "name")) == {"cms": "Other", "new": "New"}
    assert SettingsChange.objects.get().actor == manager
    assert set(LogEntry.objects.values_list("object_repr", "action_flag", "user")) == {
        ("Other", 2, manager.pk),
        ("New", 1, manager.pk),
    }


def test_what_was_changed_meanwhile_is_shown_anew_and_not_done(client: Client, cms: Service) -> None:
    data = b"slug,name\ncms,Other\n"
    form = hidden(upload(client, data))
    Service.objects.update(name="Theirs")
    response = client.post(ADDRESS, form)
    html = response.content.decode()
    assert "nothing has been done yet" in html
    assert '<del class="c-faint">Theirs</del> → Other' in html
    assert Service.objects.get().name == "Theirs"
    assert client.post(ADDRESS, hidden(html)).status_code == 302
    assert Service.objects.get().name == "Other"


def test_a_refused_row_takes_the_button_away(client: Client) -> None:
    html = upload(client, b"slug,name,system\ncms,Other,cms\nnew,New,nonesuch\n")
    assert "there is none called “nonesuch”" in html
    assert "Nothing is imported while a row is refused" in html
    assert not hidden(html)


def test_a_file_that_changes_nothing_says_so(client: Client) -> None:
    assert "Nothing would change" in upload(client, b"slug\ncms\n")


@pytest.mark.parametrize("data", [b"", b"\xff", b"slug,token\ncms,hidden words\n", b"name\nx\n"])
def test_a_file_that_cannot_be_read_is_refused_at_its_field(client: Client, data: bytes) -> None:
    before = tables()
    html = upload(client, data)
    assert "Show what it would do" in html
    assert "errorlist" in html or "text-red" in html
    assert "hidden words" not in html
    assert tables() == before


@pytest.mark.parametrize(
    "rows", ["", "{", "[1]", "{}", '[{"slug": "cms", "token": "x"}]', "[" * 100_000, '[{"slug": "cms"}]' * 2]
)
def test_rows_that_are_not_those_of_the_page_are_refused(client: Client, rows: str) -> None:
    before = tables()
    assert client.post(ADDRESS, {"rows": rows, "shown": "x"}).status_code == 400
    assert tables() == before


@pytest.mark.parametrize("shown", ["", "x", "0" * 64])
def test_nobody_has_something_done_that_was_not_shown(client: Client, cms: Service, shown: str) -> None:
    response = client.post(ADDRESS, {"rows": json.dumps([{"slug": "cms", "name": "Other"}]), "shown": shown})
    assert response.status_code == 200
    assert Service.objects.get().name == cms.name


def test_text_of_strangers_is_text_in_the_preview(client: Client) -> None:
    if not NAUGHTY.exists():
        pytest.skip("the shared collection of strings is not here")
    for text in json.loads(NAUGHTY.read_text())[:200]:
        data = json.dumps([{"slug": "cms", "notes": f"'\"><script>alert(1)</script>{text}"}]).encode()
        assert "<script>alert(1)" not in upload(client, data, "a.json")


@pytest.mark.parametrize(("who", "may"), [("viewer", False), ("operator", False), ("manager", True)])
def test_managers_alone_find_the_button(request: Any, as_person: AsPerson, cms: Service, who: str, may: bool) -> None:
    client = as_person(request.getfixturevalue(who))
    assert (ADDRESS in client.get(page(Service, "changelist")).content.decode()) == may
    assert client.get(ADDRESS).status_code == (200 if may else 403)
    assert client.post(ADDRESS, {"rows": "[]"}).status_code == (400 if may else 403)
