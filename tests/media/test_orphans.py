"""Files without rows and rows without files, and that nothing is taken away that somebody may still want."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from integrations import ops
from integrations.media import orphans
from integrations.models import MediaAttachment
from tests.media.files import AWAY, judged, picture
from tests.worker import work_off

pytestmark = pytest.mark.django_db


def looked_everywhere() -> orphans.Orphans:
    found = orphans.Orphans()
    for part in orphans.PARTS:
        orphans.look(part, found)
    return found


def age(name: str, days: float) -> str:
    then = (timezone.now() - timedelta(days=days)).timestamp()
    os.utime(default_storage.path(name), (then, then))
    return name


def left(name: str, days: float) -> str:
    """A file that no row leads to."""
    return age(default_storage.save(name, ContentFile(b"left behind")), days)


def test_what_rows_lead_to_is_nobodys_orphan_however_old() -> None:
    media = judged(picture())
    for name in (str(media.file.name), *(each["file"] for each in media.made)):
        age(name, 400)
    found = looked_everywhere()
    assert (found.files, found.young, found.missing, found.back) == ([], 0, [], [])


def test_a_file_without_a_row_is_removed_once_it_is_a_day_old() -> None:
    old, young = left("media/ab/" + "ab" * 16, 1.1), left("media/cd/" + "cd" * 16, 0.9)
    made = left("derivatives/ab/" + "ab" * 32 + "/1-large.jpg", 2)
    found = looked_everywhere()
    assert (sorted(found.files), found.young) == ([made, old], 1)
    orphans.settle(found)
    assert [default_storage.exists(name) for name in (old, made, young)] == [False, False, True]


def test_the_files_of_a_row_that_was_deleted_are_orphans() -> None:
    media = judged(picture())
    names = [str(media.file.name), *(each["file"] for each in media.made)]
    media.delete()
    for name in names:
        age(name, 2)
    assert sorted(looked_everywhere().files) == sorted(names)


def test_a_row_whose_file_is_gone_is_missing_and_comes_back_with_it() -> None:
    media = judged(picture())
    path = Path(media.file.path)
    path.rename(path.parent.parent / "away")
    found = looked_everywhere()
    assert found.missing == [media]
    orphans.settle(found)
    media.refresh_from_db()
    assert (media.state, media.failure_code) == ("missing", "missing")
    (path.parent.parent / "away").rename(path)
    orphans.settle(looked_everywhere())
    work_off()
    media.refresh_from_db()
    assert (media.state, media.is_shown) == ("valid", True)


def test_a_disk_that_is_not_there_makes_no_file_missing() -> None:
    media = judged(picture())
    folder = Path(default_storage.path("media"))
    folder.rename(folder.with_name("unmounted"))
    with pytest.raises(FileNotFoundError):
        looked_everywhere()
    folder.with_name("unmounted").rename(folder)
    assert looked_everywhere().missing == []
    assert MediaAttachment.objects.get(pk=media.pk).state == "valid"


def test_the_tick_looks_at_every_folder_by_and_by(monkeypatch: pytest.MonkeyPatch) -> None:
    old = left("media/ab/" + "ab" * 16, 2)
    start = timezone.now()
    seen: list[str] = []
    look = orphans.look

    def watch(part: str, found: orphans.Orphans) -> None:
        seen.append(part)
        look(part, found)

    monkeypatch.setattr(orphans, "look", watch)
    for minute in range(len(orphans.PARTS)):
        monkeypatch.setattr(timezone, "now", lambda at=minute: start + timedelta(minutes=at))
        orphans.tidy()
    assert sorted(seen) == list(orphans.PARTS)
    assert not default_storage.exists(old)


def test_the_tick_goes_on_where_the_storage_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise AWAY

    monkeypatch.setattr(orphans, "look", fail)
    orphans.tidy()


def test_what_an_upload_has_just_stored_is_left_alone_before_its_row_is_there() -> None:
    name = default_storage.save("media/ab/" + "ab" * 16, ContentFile(picture()))
    orphans.settle(looked_everywhere())
    assert default_storage.exists(name)


def test_bytes_that_came_twice_or_were_replaced_do_not_stay() -> None:
    first, again = judged(picture()), judged(picture())
    assert again.failure_code == "duplicate"
    before = str(first.file.name)
    ops.replace_media(first, ContentFile(picture(size=(9, 9)), "new.png"))
    work_off()
    for name in (file for part in orphans.PARTS for file in orphans._files(f"media/{part}")):
        age(name, 2)
    orphans.settle(looked_everywhere())
    first.refresh_from_db()
    left_over = [file for part in orphans.PARTS for file in orphans._files(f"media/{part}")]
    assert left_over == [first.file.name] != [before]
