"""Bytes that leave the console: to whom, as what, and what is never in them."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from integrations import ops
from integrations.media import derivatives, serving
from integrations.models import MediaAttachment
from tests.admin.asking import page, said
from tests.media.files import document, judged, picture, stored
from tests.worker import work_off

AsPerson = Callable[[User], Client]
SECRET = b"52.5200N 13.4050E <?php <script"

pytestmark = pytest.mark.django_db


def test_nothing_is_shown_of_a_file_that_nobody_has_looked_into(viewer: User, as_person: AsPerson) -> None:
    media = stored(picture())
    address = page(MediaAttachment, "derivative", media.pk, "0" * 64, "1-large.jpg")
    assert as_person(viewer).get(address).status_code == 404
    assert list(derivatives.shown(media)) == []


def test_what_was_made_is_harmless_and_may_be_kept_for_ever(viewer: User, as_person: AsPerson) -> None:
    media = judged(picture(size=(800, 400)))
    client = as_person(viewer)
    for each in derivatives.shown(media):
        answer = client.get(each.url)
        body = b"".join(answer)
        assert answer["Content-Type"] == f"image/{each.kind.lower()}"
        assert (answer["X-Content-Type-Options"], answer["Cache-Control"]) == ("nosniff", serving.FOR_EVER)
        assert answer["Content-Security-Policy"].startswith("sandbox")
        assert media.sha256 in each.url
        with Image.open(io.BytesIO(body)) as shown:
            assert (shown.size, len(body)) == ((each.width, each.height), each.size)
    assert derivatives.url(media, "thumbnail") in said(client, media.get_absolute_url())


def test_the_page_of_a_file_says_what_was_looked_at_made_and_is_here_already(viewer: User, as_person: AsPerson) -> None:
    media, again, client = judged(picture(), "first.png"), judged(picture(), "again.png"), as_person(viewer)
    html = said(client, media.get_absolute_url())
    assert [each.url in html for each in derivatives.shown(media)] == [True] * 4
    assert "decoded: 1 picture" in html
    html = said(client, again.get_absolute_url())
    assert "Here already as" in html
    assert media.get_absolute_url() in html


def test_nothing_of_what_the_file_carried_is_served(viewer: User, as_person: AsPerson) -> None:
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    media = judged(picture("JPEG", (640, 400), exif=exif, comment=SECRET) + SECRET)
    assert media.state == "valid"
    client = as_person(viewer)
    bodies = [b"".join(client.get(each.url)) for each in derivatives.shown(media)]
    assert len(bodies) == 4
    assert not [word for word in (SECRET, b"<?php", b"<script", b"Exif") for body in bodies if word in body]


def test_a_stranger_and_the_world_see_no_picture(stranger: User, client: Client, as_person: AsPerson) -> None:
    url = derivatives.url(judged(picture()), "large")
    assert as_person(stranger).get(url).status_code == 404
    assert client.get(url).status_code == 302


def test_an_address_shows_nothing_else_once_the_file_was_replaced(
    viewer: User, operator: User, as_person: AsPerson
) -> None:
    media = judged(picture())
    before = derivatives.url(media, "large")
    ops.replace_media(media, SimpleUploadedFile("b.png", picture(size=(50, 50))), operator)
    work_off()
    assert as_person(viewer).get(before).status_code == 404


def test_the_original_is_saved_and_not_shown_to_those_who_may(
    viewer: User, operator: User, as_person: AsPerson
) -> None:
    content = document()
    media = judged(content, "holiday.html")
    address = page(MediaAttachment, "original", media.pk)
    answer = as_person(operator).get(address)
    assert b"".join(answer) == content
    assert answer["Content-Disposition"] == f'attachment; filename="{media.sha256[:16]}.pdf"'
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("application/pdf", "nosniff")
    assert (answer["Cache-Control"][:8], answer["Content-Security-Policy"][:7]) == ("no-store", "sandbox")
    assert as_person(viewer).get(address).status_code == 403


def test_what_is_in_quarantine_is_for_those_who_may_release_it(
    operator: User, manager: User, as_person: AsPerson
) -> None:
    media = ops.quarantine_media(judged(picture()), "Odd.")
    address = page(MediaAttachment, "original", media.pk)
    assert [as_person(who).get(address).status_code for who in (operator, manager)] == [403, 200]
    MediaAttachment.objects.update(state="rejected")
    assert as_person(manager).get(address).status_code == 404


def test_an_original_that_is_gone_or_away_is_no_crash(operator: User, as_person: AsPerson) -> None:
    media = judged(picture())
    default_storage.delete(str(media.file.name))
    assert as_person(operator).get(page(MediaAttachment, "original", media.pk)).status_code == 404
    for each in media.made:
        default_storage.delete(each["file"])
    assert as_person(operator).get(derivatives.url(media, "large")).status_code == 404


def test_a_file_is_replaced_and_its_page_stays(operator: User, as_person: AsPerson) -> None:
    media, client = judged(picture(), "old.png", alt_text="A field"), as_person(operator)
    address = page(MediaAttachment, "replace", media.pk)
    assert address in said(client, media.get_absolute_url())
    response = client.post(address, {"file": SimpleUploadedFile("new.png", picture(size=(64, 64)))})
    brought = MediaAttachment.objects.get(replaces=media)
    assert (response.status_code, response.headers["Location"]) == (302, brought.get_absolute_url())
    work_off()
    media.refresh_from_db()
    assert (media.original_name, media.width, media.alt_text, media.is_shown) == ("new.png", 64, "A field", True)
    assert not MediaAttachment.objects.filter(pk=brought.pk).exists()


def test_no_file_and_too_large_a_file_replace_nothing(operator: User, as_person: AsPerson) -> None:
    media, client = judged(picture()), as_person(operator)
    address = page(MediaAttachment, "replace", media.pk)
    assert "required" in client.post(address).content.decode()
    large = SimpleUploadedFile("large.png", bytes(10 * 1024 * 1024 + 1))
    assert "larger than 10.0 MiB" in client.post(address, {"file": large}).content.decode()
    assert MediaAttachment.objects.count() == 1
