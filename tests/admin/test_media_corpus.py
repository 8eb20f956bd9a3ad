"""Pictures and PDFs that nobody here made, through the upload form: each is accepted with its pictures, or says why not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest
from django.contrib.auth.models import User
from django.test import Client

from integrations.media import sealed
from integrations.media.findings import Findings
from integrations.models import MediaAttachment
from tests.admin.test_media import upload, validated
from tests.media.files import files
from tests.media.test_child import PDFS, PICTURES

AsPerson = Callable[[User], Client]
MOST_KIB = 400 * 1024


@dataclass(frozen=True)
class Looked:
    """What it cost to look into one file."""

    seconds: float
    peak_kib: int
    name: str


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[Looked]:
    """Each look, as it is made."""
    costs: list[Looked] = []
    look = sealed.look

    def measured(stream: IO[bytes]) -> Findings:
        began = time.perf_counter()
        found = look(stream)
        costs.append(Looked(time.perf_counter() - began, found.peak_kib, found.code))
        return found

    monkeypatch.setattr(sealed, "look", measured)
    return costs


def brought(client: Client, paths: list[Path]) -> Iterator[tuple[Path, MediaAttachment]]:
    """Those that the form takes: an empty one it does not."""
    for path in paths:
        response = upload(client, path.read_bytes(), path.name)
        assert response.status_code in {200, 302}, path
        if response.status_code == 302:
            yield path, validated(MediaAttachment.objects.order_by("-pk")[0])


def end_well(client: Client, paths: list[Path]) -> int:
    """How many were accepted."""
    accepted = 0
    for path, media in brought(client, paths):
        assert media.state in {"valid", "quarantined", "rejected"}, path
        assert (media.state == "valid") == (not media.failure_message), path
        assert len(media.made) == (4 if media.state == "valid" and media.is_picture else 0), path
        accepted += media.state == "valid"
    return accepted


def test_some_of_the_corpus_end_well(
    operator: User, as_person: AsPerson, shared_data: Path, looked: list[Looked]
) -> None:
    assert end_well(as_person(operator), files(shared_data, *PICTURES, *PDFS)[::40])
    assert max(each.peak_kib for each in looked) < MOST_KIB


@pytest.mark.slow
def test_the_whole_corpus_ends_well(
    operator: User, as_person: AsPerson, shared_data: Path, looked: list[Looked]
) -> None:
    paths = files(shared_data, *PICTURES, *PDFS)
    accepted = end_well(as_person(operator), paths)
    slowest, heaviest = max(each.seconds for each in looked), max(each.peak_kib for each in looked)
    print(
        f"{len(paths):,} files, {accepted:,} accepted; the slowest look {slowest:.1f} s, the heaviest {heaviest / 1024:.0f} MiB"
    )
    assert heaviest < MOST_KIB
