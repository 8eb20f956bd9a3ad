"""Files that no row leads to, and rows whose file is gone; looked for a folder at a time.

Whoever stores a file writes its row only afterwards, and whoever deletes a row leaves its file behind. So a file
without a row is nobody's once it is a day old, and removed then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from django.core.files.storage import Storage
from django.utils import timezone

from integrations import ops
from integrations.media.specs import FOLDER
from integrations.models import MediaAttachment

ORIGINALS = "media"
LEFT_ALONE = timedelta(days=1)
PARTS = tuple(f"{number:02x}" for number in range(256))  # as `stored_name` and `folder_of` spread files
State = MediaAttachment.State
GONE = "The file is no longer in the storage. Upload it again, or put it back; it is looked for every few hours."


@dataclass
class Orphans:
    """What was found in some folders."""

    files: list[str] = field(default_factory=list)
    young: int = 0
    missing: list[MediaAttachment] = field(default_factory=list)
    back: list[MediaAttachment] = field(default_factory=list)


def storage() -> Storage:
    """Where files are."""
    found: Storage = MediaAttachment._meta.get_field("file").storage
    return found


def look(part: str, found: Orphans) -> None:
    """Among files whose names begin so. Index: that of the file.

    Raises:
        OSError: the storage cannot be reached.
    """
    rows = {str(row.file.name): row for row in MediaAttachment.objects.filter(file__startswith=f"{ORIGINALS}/{part}/")}
    here = set(_files(f"{ORIGINALS}/{part}"))
    if rows and not here:
        storage().listdir(ORIGINALS)  # a disk that is not mounted is no reason to call all files missing
    known = {each["file"] for each in _made(part)}
    for name in (*here - set(rows), *set(_files(f"{FOLDER}/{part}")) - known):
        _judge(name, found)
    for name, row in rows.items():
        if name not in here and row.state in {State.VALID, State.QUARANTINED}:
            found.missing.append(row)
        elif name in here and row.state == State.MISSING:
            found.back.append(row)


def _made(part: str) -> Iterator[dict[str, str]]:
    """Index: that of the hash."""
    for made in MediaAttachment.objects.filter(sha256__startswith=part).values_list("made", flat=True):
        yield from made


def _files(folder: str) -> Iterator[str]:
    try:
        folders, files = storage().listdir(folder)
    except FileNotFoundError:
        return
    yield from (f"{folder}/{name}" for name in files)
    for name in folders:
        yield from _files(f"{folder}/{name}")


def _judge(name: str, found: Orphans) -> None:
    if timezone.now() - storage().get_modified_time(name) < LEFT_ALONE:
        found.young += 1
    else:
        found.files.append(name)


def settle(found: Orphans) -> None:
    """Remove the files, say of the rows that theirs is missing, and look again into what is back."""
    for name in found.files:
        if not MediaAttachment.objects.filter(file=name).exists():
            storage().delete(name)
    for row in found.missing:
        if not storage().exists(str(row.file.name)):
            same = MediaAttachment.objects.filter(pk=row.pk, file=row.file.name, state=row.state)
            same.update(state=State.MISSING, failure_code="missing", failure_message=GONE)
    for row in found.back:
        ops.validate(row, row.actor)


def tidy() -> None:
    """What the tick does: a folder of 256 each minute, so that each is looked at every four hours."""
    part = PARTS[int(timezone.now().timestamp() // 60) % len(PARTS)]
    found = Orphans()
    try:
        look(part, found)
        settle(found)
    except OSError:
        return  # the storage is away; the next round will do
