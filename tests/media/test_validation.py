"""What becomes of an upload: its states, its reasons, and what nobody loses when something fails."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from integrations import due, leases, ops, tasks
from integrations.media import validation
from integrations.models import Derivation, MediaAttachment
from tests.media.files import AWAY, FULL, SVG, document, failing, judged, picture, stored
from tests.worker import expire, make_due, work_off

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
def test_a_picture_is_accepted_with_size_type_digest_and_pictures(kind: str) -> None:
    media = judged(picture(kind))
    assert (media.state, media.content_type, media.width, media.height) == ("valid", f"image/{kind.lower()}", 40, 30)
    assert (len(media.sha256), media.size, media.failure_message) == (64, len(picture(kind)), "")
    assert len(media.made) == 4
    assert all(default_storage.exists(each["file"]) for each in media.made)


def test_a_pdf_is_accepted_without_pictures() -> None:
    media = judged(document())
    assert (media.state, media.content_type, media.made) == ("valid", "application/pdf", [])
    assert not Derivation.objects.exists()


@pytest.mark.parametrize(("content", "code"), [(SVG, "not_taken"), (b"", "not_taken"), (picture()[:60], "damaged")])
def test_what_is_no_good_file_is_rejected_and_says_why(content: bytes, code: str) -> None:
    media = judged(content, "me.jpg")
    assert (media.state, media.failure_code, media.width) == ("rejected", code, media.width)
    assert media.failure_message
    assert media.made == []


def test_a_file_that_is_too_large_is_not_even_looked_into(settings: Any) -> None:
    settings.MEDIA_LARGEST_BYTES = 50
    media = judged(picture())
    assert (media.state, media.failure_code) == ("rejected", "too_large")
    assert media.failure_message == "The file is larger than 50 B. Upload a smaller one."


def test_a_file_that_is_gone_is_missing_until_it_is_back() -> None:
    media = judged(picture())
    path = Path(media.file.path)
    path.rename(path.with_suffix(".away"))
    ops.validate(media)
    work_off()
    media.refresh_from_db()
    assert (media.state, media.failure_code) == ("missing", "missing")
    assert "Upload it again" in media.failure_message
    path.with_suffix(".away").rename(path)
    ops.validate(media)
    work_off()
    media.refresh_from_db()
    assert (media.state, media.failure_message, media.is_shown) == ("valid", "", True)


def test_a_second_judgement_forgets_the_first() -> None:
    media = judged(b"no picture")
    Path(media.file.path).write_bytes(picture())
    ops.validate(media)
    work_off()
    media.refresh_from_db()
    assert (media.state, media.failure_code, media.failure_message) == ("valid", "", "")


def test_the_name_on_disk_is_ours() -> None:
    media = stored(picture(), "../../evil.php")
    assert "evil" not in str(media.file.name)
    assert str(media.file.name).startswith("media/")


def test_the_same_bytes_are_kept_once() -> None:
    first, second = judged(picture(), "first.png"), judged(picture(), "second.png")
    assert (first.state, second.state, second.failure_code) == ("valid", "rejected", "duplicate")
    assert (second.duplicate_of, bool(second.file)) == (first, False)
    assert second.failure_message.startswith("This file is already here as “first.png”.")
    with pytest.raises(ops.Impossible, match="Upload it again"):
        ops.validate(second)


def test_two_workers_at_the_same_bytes_accept_them_once() -> None:
    rows = [stored(picture()), stored(picture())]
    claimed = [leases.claim(MediaAttachment, row.pk) for row in rows]

    for lease in claimed:
        assert lease is not None
        validation.validate(lease)
    assert sorted(MediaAttachment.objects.values_list("state", flat=True)) == ["rejected", "valid"]


def test_an_upload_to_a_full_storage_says_so_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, "_save", "media/", FULL)
    with pytest.raises(ops.Impossible, match="No space left on device"):
        ops.upload(ContentFile(picture(), "a.png"), ops.Brought())
    assert not MediaAttachment.objects.exists()


def test_a_storage_that_is_away_is_asked_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    media = stored(picture())
    with monkeypatch.context() as patch:
        failing(patch, "_open", "media/", AWAY)
        work_off()
    media.refresh_from_db()
    assert (media.state, media.failure_code) == ("parked", "storage")
    assert "Input/output error" in media.failure_message
    assert media.due_at > timezone.now() + timedelta(seconds=30)
    make_due(media)
    due.start()
    work_off()
    media.refresh_from_db()
    assert (media.state, media.failure_message, media.is_shown) == ("valid", "", True)


def test_a_worker_that_dies_in_the_middle_loses_nothing() -> None:
    media = stored(picture())
    assert leases.claim(MediaAttachment, media.pk)
    expire(media)
    due.start()
    work_off()
    media.refresh_from_db()
    assert (media.state, media.is_shown, media.claims) == ("valid", True, 2)


def test_a_worker_that_comes_too_late_changes_nothing() -> None:
    media = judged(picture())
    before = MediaAttachment.objects.values().get()
    tasks.validate_media(str(media.pk))
    assert MediaAttachment.objects.values().get() == before
