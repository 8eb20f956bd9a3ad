"""Verbs of media files: each does one thing, or says why it makes no sense."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile

from integrations import ops
from integrations.models import Derivation, Essay, MediaAttachment
from tests.media.files import document, judged, picture, stored
from tests.worker import work_off

pytestmark = pytest.mark.django_db


def other(size: tuple[int, int] = (9, 9), name: str = "new.png") -> ContentFile[bytes]:
    return ContentFile(picture(size=size), name)


def test_what_is_put_into_quarantine_is_shown_to_nobody_until_it_is_released(operator: User) -> None:
    media = judged(picture())
    ops.quarantine_media(media, "Not ours.", operator)
    media.refresh_from_db()
    assert (media.state, media.is_shown) == ("quarantined", False)
    assert media.failure_message == "Put into quarantine by operator: Not ours."
    assert Essay(title="x", cover=media).cover_large is None
    ops.release_media(media, "It is.", operator)
    media.refresh_from_db()
    assert (media.state, media.is_shown, media.failure_message) == ("valid", True, "Released by operator: It is.")


def test_a_pdf_with_scripts_can_be_released_by_somebody_who_knows_it() -> None:
    media = judged(document(OpenAction={"/S": "x"}))
    MediaAttachment.objects.update(state="quarantined")
    ops.release_media(media, "Known.")
    assert MediaAttachment.objects.get().state == "valid"


@pytest.mark.parametrize("state", ["queued", "running", "rejected", "missing", "quarantined"])
def test_only_what_is_accepted_goes_into_quarantine(state: str) -> None:
    media = stored(picture())
    MediaAttachment.objects.update(state=state)
    with pytest.raises(ops.Impossible, match="Only an accepted file"):
        ops.quarantine_media(media, "x")


def test_only_what_somebody_looked_into_is_released() -> None:
    media = stored(picture())
    with pytest.raises(ops.Impossible, match="Validate it again instead"):
        ops.release_media(media, "x")
    media = judged(picture(size=(8, 8)))
    with pytest.raises(ops.Impossible, match="this one is: Accepted"):
        ops.release_media(media, "x")


def test_what_is_accepted_elsewhere_meanwhile_is_not_released() -> None:
    first = judged(picture())
    ops.quarantine_media(first, "x")
    assert judged(picture()).state == "valid"
    first.refresh_from_db()
    with pytest.raises(ops.Impossible, match="accepted already"):
        ops.release_media(first, "x")


def test_a_replacement_takes_the_place_once_it_is_accepted(operator: User) -> None:
    media = judged(picture(), "old.png")
    essay_link, before = media.get_absolute_url(), media.file.name
    brought = ops.replace_media(media, other(), operator)
    media.refresh_from_db()
    assert (media.is_shown, media.file.name, brought.replaces) == (True, before, media)
    work_off()
    media.refresh_from_db()
    assert (media.get_absolute_url(), media.original_name, media.width) == (essay_link, "new.png", 9)
    assert (media.is_shown, media.actor) == (True, operator)
    assert list(MediaAttachment.objects.all()) == [media]


def test_a_replacement_that_is_not_accepted_changes_nothing() -> None:
    media = judged(picture())
    brought = ops.replace_media(media, ContentFile(b"no picture", "new.png"))
    work_off()
    before = MediaAttachment.objects.filter(pk=media.pk).values().get()
    brought.refresh_from_db()
    assert (brought.state, brought.failure_code) == ("rejected", "not_taken")
    assert (before["sha256"], before["state"]) == (media.sha256, "valid")


def test_a_replacement_that_is_here_already_is_not_taken() -> None:
    media, known = judged(picture()), judged(picture(size=(9, 9)))
    brought = ops.replace_media(media, other())
    work_off()
    brought.refresh_from_db()
    assert (brought.failure_code, brought.duplicate_of) == ("duplicate", known)
    assert MediaAttachment.objects.get(pk=media.pk).sha256 == media.sha256


def test_the_same_file_may_replace_itself() -> None:
    media = judged(picture())
    ops.replace_media(media, ContentFile(picture(), "again.png"))
    work_off()
    media.refresh_from_db()
    assert (media.state, media.is_shown, media.original_name) == ("valid", True, "again.png")


def test_a_replacement_is_not_replaced() -> None:
    brought = ops.replace_media(judged(picture()), other())
    with pytest.raises(ops.Impossible, match="Replace that one"):
        ops.replace_media(brought, other((7, 7)))


def test_a_replacement_of_what_was_deleted_meanwhile_stays_a_file_of_its_own() -> None:
    media = judged(picture())
    brought = ops.replace_media(media, other())
    media.delete()
    work_off()
    brought.refresh_from_db()
    assert (brought.state, brought.is_shown, brought.replaces) == ("valid", True, None)


def test_pictures_are_made_by_one_worker_at_a_time() -> None:
    media = judged(picture())
    for _ in range(3):
        ops.derive(media)
    assert Derivation.objects.filter(state="queued").count() == 1
    ops.derive(judged(document()))
    assert Derivation.objects.filter(state="queued").count() == 0
