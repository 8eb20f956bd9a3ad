"""Files as a list and as pictures, and the page of each."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from integrations.models import MediaAttachment, Service
from tests.admin.asking import messages_of, page, said
from tests.essays import essay_of

AsPerson = Callable[[User], Client]
LIST = page(MediaAttachment, "changelist")
GRID = f"{LIST}?view=grid"


@pytest.fixture
def client(viewer: User, as_person: AsPerson) -> Client:
    """Somebody who may look."""
    return as_person(viewer)


def file(number: int = 1, **fields: Any) -> MediaAttachment:
    return MediaAttachment.objects.create(
        **{"file": f"media/{number}", "original_name": f"{number}.png", "state": "quarantined", "size": 10, **fields}
    )


def views(html: str) -> dict[str, dict[str, list[str]]]:
    """What the addresses of the two views ask for."""
    found = re.findall(r'<a href="([?][^"]*)"[^>]*>(List|Pictures)</a>', html)
    return {name: parse_qs(unescape(address)[1:]) for address, name in found}


@pytest.mark.django_db
@pytest.mark.parametrize("address", [LIST, GRID], ids=["list", "pictures"])
def test_each_view_leads_to_the_other_with_the_same_filters(client: Client, address: str) -> None:
    file()
    html = said(client, f"{address}{'&' if '?' in address else '?'}state__exact=quarantined&q=png")
    filters = {"state__exact": ["quarantined"], "q": ["png"]}
    assert views(html) == {"List": filters, "Pictures": filters | {"view": ["grid"]}}
    assert ("c-grid" in html) == (address == GRID)
    assert "1.png" in html


@pytest.mark.django_db
def test_searching_among_pictures_keeps_the_view(client: Client) -> None:
    file(1)
    assert '<input type="hidden" name="view" value="grid">' in said(client, f"{GRID}&q=1")


@pytest.mark.django_db
@pytest.mark.parametrize("view", ["", "list", "x", "\x00", "grid&view=list"])
def test_any_other_view_is_the_list(client: Client, view: str) -> None:
    file()
    response = client.get(f"{LIST}?view={view}", follow=True)
    assert response.status_code == 200
    assert "c-grid" not in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("address", [LIST, GRID], ids=["list", "pictures"])
def test_neither_asks_more_for_more_files(
    client: Client, cms: Service, address: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for count in (1, 12):
        for number in range(count):
            file(number, essay=essay_of(cms), state="valid")
        with django_assert_num_queries(9):
            said(client, address)


def test_the_page_of_a_file_says_what_uses_it(client: Client, cms: Service) -> None:
    media = file(essay=essay_of(cms, title="Rivers"))
    cover_of = essay_of(cms, title="Lakes", cover=media)
    html = said(client, media.get_absolute_url())
    assert f'<a class="c-link" href="{media.essay.get_absolute_url() if media.essay else ""}">Rivers</a>' in html
    assert f'<a class="c-link" href="{cover_of.get_absolute_url()}">Lakes</a>' in html


@pytest.mark.django_db
def test_the_page_of_a_file_says_why_it_is_not_accepted(client: Client) -> None:
    media = file(failure_message="This is no picture. Upload another one.")
    assert "This is no picture. Upload another one." in said(client, media.get_absolute_url())


@pytest.mark.django_db
@pytest.mark.parametrize(("state", "status"), [("queued", 200), ("running", 200), ("valid", 286)])
def test_the_page_follows_a_file_until_it_is_judged(client: Client, state: str, status: int) -> None:
    media = file(state=state)
    assert client.get(page(MediaAttachment, "live", media.pk)).status_code == status


def test_whoever_has_a_page_open_that_is_gone_is_led_on(client: Client, stranger: User, as_person: AsPerson) -> None:
    """As when a file has taken the place of another."""
    gone = page(MediaAttachment, "live", 987654321)
    response = client.get(gone, headers={"HX-Request": "true"})
    assert response.headers["HX-Redirect"] == page(MediaAttachment, "changelist")
    assert "taken the place" in messages_of(response)[0]
    assert client.get(gone).status_code == 404
    assert as_person(stranger).get(gone, headers={"HX-Request": "true"}).status_code == 404


def test_what_a_file_belongs_to_may_change(operator: User, as_person: AsPerson, cms: Service) -> None:
    media, essay = file(), essay_of(cms)
    as_person(operator).post(media.get_absolute_url(), {"alt_text": "A river", "essay": essay.pk})
    media.refresh_from_db()
    assert (media.alt_text, media.essay) == ("A river", essay)


def test_the_page_of_an_essay_shows_its_files(client: Client, cms: Service) -> None:
    essay = essay_of(cms)
    file(7, essay=essay)
    assert "7.png" in said(client, essay.get_absolute_url())


def test_who_may_see_no_files_sees_none_of_an_essay(stranger: User, as_person: AsPerson, cms: Service) -> None:
    essay = essay_of(cms)
    file(7, essay=essay)
    stranger.user_permissions.add(Permission.objects.get(codename="view_essay"))
    html = said(as_person(stranger), essay.get_absolute_url())
    assert "7.png" not in html
