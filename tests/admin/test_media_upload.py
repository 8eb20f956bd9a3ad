"""The upload page: many files, an address on the web, what they belong to, and what becomes of them."""

from __future__ import annotations

import errno
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django_q.models import OrmQ
from PIL import Image
from pytest_django import DjangoAssertNumQueries

from integrations.models import Essay, MediaAttachment, Service
from tests.admin.asking import page, said
from tests.admin.hostile import MARK
from tests.essays import essay_of
from tests.worker import work_off

AsPerson = Callable[[User], Client]
SCRIPT = {"X-Requested-With": "XMLHttpRequest"}
TILES = reverse("admin:integrations_mediaattachment_tiles")


@pytest.fixture
def client(operator: User, as_person: AsPerson) -> Client:
    """The operator, signed in."""
    return as_person(operator)


@pytest.fixture
def essay(cms: Service) -> Essay:
    return essay_of(cms)


def file(name: str = "a.png", colour: str = "teal", content: bytes | None = None) -> SimpleUploadedFile:
    if content is None:
        picture = BytesIO()
        Image.new("RGB", (64, 40), colour).save(picture, "PNG")
        content = picture.getvalue()
    return SimpleUploadedFile(name, content)


def send(client: Client, *files: SimpleUploadedFile, script: bool = False, **fields: Any) -> Any:
    return client.post(page(MediaAttachment, "add"), {"file": files, **fields}, headers=SCRIPT if script else {})


def tiles(client: Client, *keys: int) -> str:
    return said(client, f"{TILES}?shown={','.join(map(str, keys))}")


def test_a_form_takes_many_files_at_once_and_leads_to_the_page_that_shows_them(client: Client) -> None:
    response = send(client, file("a.png"), file("b.png"), file("c.png"))
    assert response.status_code == 302
    html = said(client, response.headers["Location"])
    assert [name in html for name in ("a.png", "b.png", "c.png")] == [True] * 3
    assert html.count("data-moving") == 3
    assert OrmQ.objects.count() == 3


def test_a_script_sends_one_file_and_gets_its_tile(client: Client) -> None:
    response = send(client, file("holiday.png"), script=True)
    assert (response.status_code, response.headers["X-Tiles"]) == (200, "yes")
    html = response.content.decode()
    assert "holiday.png" in html
    assert f'data-file="{MediaAttachment.objects.get().pk}"' in html


def test_a_tile_goes_from_received_to_accepted_with_its_picture(client: Client) -> None:
    send(client, file(), script=True)
    media = MediaAttachment.objects.get()
    assert "data-moving" in tiles(client, media.pk)
    work_off()
    html = tiles(client, media.pk)
    assert "data-moving" not in html
    assert "data-zoom" in html
    assert "64 × 40" in html


def test_a_tile_says_why_a_file_is_refused_and_what_to_do(client: Client) -> None:
    send(client, file("lie.jpg", content=b"just words"), script=True)
    media = MediaAttachment.objects.get()
    work_off()
    html = tiles(client, media.pk)
    assert "data-moving" not in html
    assert "Upload" in html
    assert "<img" not in html


def test_one_bad_file_does_not_keep_the_others_from_being_taken(client: Client) -> None:
    response = send(client, file("good.png"), file("empty.png", content=b""))
    assert response.status_code == 200
    html = response.content.decode()
    assert "The submitted file is empty." in html
    assert MediaAttachment.objects.get().original_name == "good.png"


@pytest.mark.parametrize("script", [True, False], ids=["script", "form"])
def test_nothing_at_all_is_refused_with_a_sentence(client: Client, script: bool) -> None:
    response = send(client, script=script)
    assert (response.status_code, "A file is required." in response.content.decode()) == (200, True)
    assert not MediaAttachment.objects.exists()


def test_a_disk_that_is_full_leaves_no_row_and_says_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(FileSystemStorage, "_save", full)
    html = send(client, file(), script=True).content.decode()
    assert "could not be stored (No space left on device)" in html
    assert not MediaAttachment.objects.exists()
    assert not OrmQ.objects.exists()


def test_a_row_that_cannot_be_written_leaves_no_file(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object, **__: object) -> None:
        raise RuntimeError("the database is gone")

    monkeypatch.setattr("integrations.ops.uploads.begin", gone)
    with pytest.raises(RuntimeError):
        send(client, file())
    assert not [found for found in Path(settings.MEDIA_ROOT).rglob("*") if found.is_file()]


def test_an_address_is_kept_for_the_worker_and_nobody_is_asked_meanwhile(client: Client) -> None:
    address = "https://pictures.example/2026/a%20b.png?size=9"
    response = send(client, address=address)
    assert response.status_code == 302
    media = MediaAttachment.objects.get()
    assert (media.source_url, media.original_name, bool(media.file)) == (address, "a%20b.png", False)
    assert "a%20b.png" in tiles(client, media.pk)


@pytest.mark.parametrize("address", ["javascript:alert(1)", "ftp://a.example/x.png", "no address"])
def test_only_web_addresses_are_taken(client: Client, address: str) -> None:
    assert send(client, address=address, script=True).status_code == 200
    assert not MediaAttachment.objects.filter(source_url__startswith=address[:4]).exists()


def test_the_page_of_an_essay_leads_to_an_upload_for_it(client: Client, essay: Essay) -> None:
    add = f"{page(MediaAttachment, 'add')}?essay={essay.pk}"
    assert add in said(client, essay.get_absolute_url())
    assert str(essay) in said(client, add)
    send(client, file(), essay=essay.pk)
    media = MediaAttachment.objects.get()
    assert media.essay == essay
    assert str(essay) in tiles(client, media.pk)


def test_a_file_belongs_to_one_thing(client: Client, essay: Essay) -> None:
    response = send(client, file(), essay=essay.pk, land="9999", script=True)
    assert "Select a valid choice" in response.content.decode()
    assert not MediaAttachment.objects.exists()


def test_tiles_cost_the_same_however_many_there_are(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        send(client, file(f"{number}.png"))
    keys = list(MediaAttachment.objects.values_list("pk", flat=True))
    for shown in (keys[:1], keys):
        with django_assert_num_queries(5):  # session, person, two for what they may, the files
            tiles(client, *shown)


@pytest.mark.parametrize("shown", ["", "x", "-1", "1;2", "9" * 40, "\x00", ","])
def test_nonsense_in_the_address_shows_nothing(client: Client, shown: str) -> None:
    assert client.get(TILES, {"shown": shown}).status_code == 200
    assert client.get(page(MediaAttachment, "add"), {"shown": shown, "essay": shown}).status_code == 200


def test_hostile_names_are_shown_as_text(client: Client) -> None:
    html = send(client, file(f"{MARK}.png"), script=True).content.decode()
    assert MARK not in html


def test_only_who_may_add_uploads_and_only_who_may_see_looks(
    viewer: User, stranger: User, as_person: AsPerson, client: Client
) -> None:
    send(client, file())
    key = MediaAttachment.objects.get().pk
    assert send(as_person(viewer), file()).status_code == 403
    assert as_person(viewer).get(f"{TILES}?shown={key}").status_code == 200
    assert as_person(stranger).get(f"{TILES}?shown={key}").status_code == 403
    assert MediaAttachment.objects.count() == 1


def test_a_viewer_finds_no_link_to_an_upload(viewer: User, as_person: AsPerson, essay: Essay) -> None:
    assert page(MediaAttachment, "add") not in said(as_person(viewer), essay.get_absolute_url())


def test_who_may_see_no_essays_is_told_of_none(stranger: User, as_person: AsPerson, essay: Essay) -> None:
    allowed = Permission.objects.filter(codename__in=["add_mediaattachment", "view_mediaattachment"])
    stranger.user_permissions.set(allowed)
    client = as_person(stranger)
    assert str(essay) not in said(client, f"{page(MediaAttachment, 'add')}?essay={essay.pk}")
    send(client, file(), essay=essay.pk)
    media = MediaAttachment.objects.get()
    assert media.essay is None
    MediaAttachment.objects.update(essay=essay)
    assert str(essay) not in tiles(client, media.pk)
    assert str(essay) not in said(client, page(MediaAttachment, "live", media.pk))


def test_the_field_finds_essays_by_their_title(client: Client, essay: Essay) -> None:
    asked = {"app_label": "integrations", "model_name": "mediaattachment", "field_name": "essay", "term": "Rivers"}
    found = client.get(reverse("admin:autocomplete"), asked).json()
    assert [each["text"] for each in found["results"]] == [str(essay)]
