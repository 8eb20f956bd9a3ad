"""The only picture the console serves: a thumbnail of its own making, to those who may see the row."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from integrations import ops, tasks
from integrations.models import MediaAttachment

AsPerson = Callable[[User], Client]


@pytest.fixture
def upload(db: None) -> MediaAttachment:
    picture = io.BytesIO()
    Image.new("RGB", (800, 400), "teal").save(picture, "PNG")
    row = MediaAttachment(original_name="teal.png", alt_text="A teal field")
    row.file.save("teal.png", ContentFile(picture.getvalue()))
    ops.ring(row)
    return row


def address(upload: MediaAttachment) -> str:
    return reverse("admin:integrations_mediaattachment_thumbnail", args=[upload.pk])


def test_nothing_is_shown_of_a_file_that_waits_for_validation(
    upload: MediaAttachment, viewer: User, as_person: AsPerson
) -> None:
    assert as_person(viewer).get(address(upload)).status_code == 404


def test_an_accepted_picture_is_shown_small_and_harmless(
    upload: MediaAttachment, viewer: User, as_person: AsPerson
) -> None:
    tasks.validate_media(str(upload.pk))
    answer = as_person(viewer).get(address(upload))
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox")
    with Image.open(io.BytesIO(b"".join(answer))) as thumbnail:
        assert thumbnail.size == (320, 160)
    assert address(upload) in as_person(viewer).get(upload.get_absolute_url()).content.decode()


def test_a_stranger_and_the_world_see_no_picture(
    upload: MediaAttachment, stranger: User, client: Client, as_person: AsPerson
) -> None:
    tasks.validate_media(str(upload.pk))
    assert as_person(stranger).get(address(upload)).status_code == 404
    assert client.get(address(upload)).status_code == 302
