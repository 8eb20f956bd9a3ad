"""Uploads through the form of the admin, and what becomes of them when the worker looks at them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.html import escape
from django_q.models import OrmQ
from django_q.signing import SignedPackage
from PIL import Image

from integrations.models import MediaAttachment
from tests.admin.asking import page, said
from tests.admin.hostile import MARK
from tests.worker import work_off

AsPerson = Callable[[User], Client]


@pytest.fixture
def client(operator: User, as_person: AsPerson) -> Client:
    """The operator, signed in."""
    return as_person(operator)


def picture(kind: str = "PNG", size: tuple[int, int] = (640, 400)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "teal").save(file, kind)
    return file.getvalue()


def upload(client: Client, content: bytes, name: str = "a.png", **fields: str) -> Any:
    """Written by hand, as a hostile browser would: the classes of the test client tidy names."""
    end = "boundary-of-the-tests"
    quoted = name.replace("\r", "").replace("\n", "").replace('"', "%22")
    head = f'--{end}\r\nContent-Disposition: form-data; name="file"; filename="{quoted}"\r\n\r\n'
    texts = "".join(
        f'\r\n--{end}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}' for key, value in fields.items()
    )
    body = head.encode("utf-8", "replace") + content + f"{texts}\r\n--{end}--\r\n".encode()
    return client.generic("POST", page(MediaAttachment, "add"), body, f"multipart/form-data; boundary={end}")


def uploaded(client: Client, content: bytes, name: str = "a.png", **fields: str) -> MediaAttachment:
    response = upload(client, content, name, **fields)
    assert response.status_code == 302, response.context["form"].errors
    return MediaAttachment.objects.order_by("-pk")[0]


def validated(media: MediaAttachment) -> MediaAttachment:
    work_off()
    media.refresh_from_db()
    return media


def test_an_upload_waits_in_quarantine_until_the_worker_has_decoded_it(client: Client, operator: User) -> None:
    media = uploaded(client, picture(), "holiday.png", alt_text="A beach")
    assert (media.state, media.original_name, media.alt_text, media.actor) == (
        "queued",
        "holiday.png",
        "A beach",
        operator,
    )
    assert (media.width, media.content_type, media.sha256) == (None, "", "")
    assert not media.thumbnail.cachefile_backend.exists(media.thumbnail)
    (bell,) = OrmQ.objects.all()
    package = SignedPackage.loads(bell.payload)
    assert (package["func"], package["args"]) == ("integrations.tasks.validate_media", (str(media.pk),))
    assert "Received" in said(client, media.get_absolute_url())


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_picture_becomes_valid_with_dimensions_and_a_thumbnail(client: Client, kind: str) -> None:
    media = validated(uploaded(client, picture(kind)))
    assert (media.state, media.content_type) == ("valid", f"image/{kind.lower()}")
    assert (media.width, media.height, len(media.sha256)) == (640, 400, 64)
    with Image.open(media.thumbnail) as thumbnail:
        assert (thumbnail.size, thumbnail.format) == ((300, 200), "JPEG")
    html = said(client, media.get_absolute_url())
    assert "640 × 400" in html
    assert "c-good" in html


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"just words", "This is no picture and no PDF. Upload a JPEG, PNG, WebP, AVIF or GIF picture, or a PDF."),
        (picture()[:200], "The picture is damaged and cannot be decoded."),
        (picture("BMP"), "This is a BMP picture."),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "This is an SVG drawing."),
        (picture(size=(5001, 5000)), "more than 25 megapixels"),
    ],
)
def test_what_is_no_good_picture_is_rejected_and_says_what_to_do(client: Client, content: bytes, sentence: str) -> None:
    media = validated(uploaded(client, content, "me.jpg"))
    assert media.state == "rejected"
    assert sentence in media.failure_message
    assert escape(media.failure_message) in said(client, media.get_absolute_url())
    assert not list(Path(settings.MEDIA_ROOT).rglob("*.*"))


@pytest.mark.parametrize(("content", "sentence"), [(b"", "empty"), (None, "required")])
def test_nothing_is_refused_at_once(client: Client, content: bytes | None, sentence: str) -> None:
    if content is None:
        response = client.post(page(MediaAttachment, "add"), {"alt_text": "x"})
    else:
        response = upload(client, content)
    assert sentence in response.content.decode()
    assert not MediaAttachment.objects.exists()
    assert not Path(settings.MEDIA_ROOT).exists()


def test_a_file_that_is_gone_from_the_storage_says_so(client: Client) -> None:
    media = uploaded(client, picture())
    Path(media.file.path).unlink()
    assert validated(media).failure_message == "The file is no longer in the storage. Upload it again."


HOSTILE_NAMES = [
    "../../etc/passwd",
    "..\\..\\x.php",
    "a.jpg.php",
    "CON",
    ".htaccess",
    f"{MARK}>.png",
    "\u202egpj.exe",
    "a\tb",
    "=x.png",
]


def test_names_reach_a_column_escaped_and_never_the_disk(client: Client, shared_data: Path) -> None:
    naughty = json.loads((shared_data / "strings" / "blns.json").read_text())
    names = HOSTILE_NAMES + [text[:90] for text in naughty[::12]]
    stored = 0
    for name in names:
        stored += upload(client, b"x", name).status_code == 302  # the others leave no name at all, such as “/”
    assert stored > len(names) - 12
    files = [file for file in Path(settings.MEDIA_ROOT).rglob("*") if file.is_file()]
    assert len(files) == stored == MediaAttachment.objects.count()
    assert all(len(file.name) == 32 and int(file.name, 16) >= 0 for file in files)
    assert {file.parent.parent.name for file in files} == {"media"}
    assert not MediaAttachment.objects.filter(original_name__contains="/").exists()
    html = said(client, page(MediaAttachment, "changelist"))
    assert "<script>alert" not in html
    assert MARK not in html
    shown = MediaAttachment.objects.all()[:50]
    assert [media.original_name for media in shown if escape(media.original_name) not in html] == []


def test_a_file_has_no_address_anybody_could_guess(client: Client, browser: Client) -> None:
    media = validated(uploaded(client, picture()))
    assert media.state == "valid"
    guesses = [media.file.url, f"/media/{media.pk}/", f"/static/{media.file.name}", f"/{media.file.name}"]
    guesses += [media.thumbnail.url, f"{page(MediaAttachment, 'changelist')}{media.file.name}"]
    for someone in (Client(), client, browser):
        for guess in guesses:
            response = someone.get(guess, follow=True)
            body = b"".join(response) if response.streaming else response.content
            assert picture() not in body, guess
            assert "image/" not in response.headers["Content-Type"], guess


def test_the_description_may_change_and_the_file_may_not(client: Client) -> None:
    media = uploaded(client, picture())
    before = media.file.name
    response = client.post(media.get_absolute_url(), {"alt_text": "Better", "file": SimpleUploadedFile("b.png", b"x")})
    media.refresh_from_db()
    assert (response.status_code, media.alt_text, media.file.name) == (302, "Better", before)
    assert OrmQ.objects.count() == 1


@pytest.mark.parametrize("who", ["viewer", "stranger"])
def test_others_may_not_upload(request: Any, as_person: AsPerson, who: str) -> None:
    client = as_person(request.getfixturevalue(who))
    assert client.get(page(MediaAttachment, "add")).status_code == 403
    assert upload(client, picture()).status_code == 403
    assert not Path(settings.MEDIA_ROOT).exists()


def test_pictures_that_attack_image_processors_end_accepted_or_rejected(client: Client, shared_data: Path) -> None:
    files = sorted((shared_data / "uploads").iterdir())
    assert len(files) > 20
    for file in files:
        media = validated(uploaded(client, file.read_bytes(), file.name))
        assert media.state in {"valid", "rejected"}, file.name
        assert bool(media.failure_message) == (media.state == "rejected"), file.name
        if media.state == "valid":
            assert media.width, file.name


def test_a_file_that_is_too_large_is_refused_before_it_is_stored(client: Client) -> None:
    response = upload(client, bytes(10 * 1024 * 1024 + 1))
    assert "The file is larger than 10.0 MiB. Upload a smaller one." in response.content.decode()
    assert not MediaAttachment.objects.exists()
