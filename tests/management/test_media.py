"""The commands of media files."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from integrations.models import Derivation, MediaAttachment
from tests.media.files import judged, picture
from tests.media.test_orphans import left
from tests.worker import work_off

pytestmark = pytest.mark.django_db


def said(*command: object) -> str:
    out = io.StringIO()
    call_command(*map(str, command), stdout=out, stderr=out)
    return out.getvalue().strip()


def test_a_folder_is_imported_as_if_it_had_been_uploaded(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "a.png").write_bytes(picture())
    (tmp_path / "more" / "b.txt").write_bytes(b"no picture")
    assert said("import_media", tmp_path) == "2 files are waiting for a worker."
    work_off()
    rows = MediaAttachment.objects.order_by("original_name").values_list("original_name", "state")
    assert list(rows) == [("a.png", "valid"), ("b.txt", "rejected")]


def test_import_says_what_it_cannot_do(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="is no folder"):
        said("import_media", tmp_path / "none")
    with pytest.raises(CommandError, match="There is no essay 7"):
        said("import_media", tmp_path, "--essay", 7)
    with pytest.raises(CommandError, match="not to both"):
        said("import_media", tmp_path, "--essay", 7, "--property", 7)


def test_files_are_validated_again_or_their_pictures_made_anew() -> None:
    media = judged(picture())
    assert said("validate_media", media.pk, "--derivatives") == "1 files are waiting for a worker."
    assert Derivation.objects.filter(state="queued").count() == 1
    assert said("validate_media", "--outdated") == "0 files are waiting for a worker."
    MediaAttachment.objects.update(rules=0)
    assert said("validate_media", "--outdated") == "1 files are waiting for a worker."
    assert said("validate_media", "--all") == "1 files are waiting for a worker."
    media.refresh_from_db()
    assert media.state == "queued"
    work_off()
    assert said("validate_media", "--state", "valid") == "1 files are waiting for a worker."
    with pytest.raises(CommandError, match="Name files by their numbers"):
        said("validate_media")


def test_a_file_of_which_nothing_is_kept_is_said_and_the_others_go_on() -> None:
    judged(picture())
    judged(picture())
    answer = said("validate_media", "--all")
    assert "Nothing is kept of this file" in answer
    assert answer.endswith("1 files are waiting for a worker.")


def test_a_file_is_put_into_quarantine_released_and_replaced(tmp_path: Path) -> None:
    media = judged(picture(), "a.png")
    assert said("media", "quarantine", media.pk, "--reason", "Odd.") == "a.png: Quarantined."
    assert said("media", "release", media.pk, "--reason", "Not odd.") == "a.png: Accepted."
    with pytest.raises(CommandError, match="Only a file in quarantine"):
        said("media", "release", media.pk, "--reason", "Again.")
    (tmp_path / "new.png").write_bytes(picture(size=(9, 9)))
    assert "takes the place of a.png" in said("media", "replace", media.pk, tmp_path / "new.png")
    with pytest.raises(CommandError, match="There is no media file 999"):
        said("media", "quarantine", 999, "--reason", "x")


def test_orphans_are_listed_and_settled() -> None:
    media = judged(picture(), "a.png")
    old = left("media/ab/" + "ab" * 16, 2)
    assert said("find_orphans") == (
        f"no row leads to {old}\n"
        "1 files without a row (to be removed), 0 younger than a day (left alone), 0 rows without a file."
    )
    default_storage.save("media/ab/" + "cd" * 16, ContentFile(b"young"))
    default_storage.delete(str(media.file.name))
    answer = said("find_orphans", "--settle")
    assert f"no file: a.png ({media.pk})" in answer
    assert "1 files without a row (removed), 1 younger than a day (left alone), 1 rows without a file." in answer
    assert not default_storage.exists(old)
    media.refresh_from_db()
    assert media.state == "missing"
