"""The pictures that are made of accepted ones, and that making them anew takes none away."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.core.files.storage import default_storage
from PIL import Image

from integrations import due, ops
from integrations.media import derivatives, sealed, specs
from integrations.media.findings import Refused
from integrations.models import Derivation, Essay, MediaAttachment
from tests.media.files import FULL, failing, judged, picture
from tests.worker import make_due, work_off

pytestmark = pytest.mark.django_db
FIELDS = {"thumbnail": "JPEG", "thumbnail_webp": "WEBP", "large": "JPEG", "large_webp": "WEBP"}


def opened(file: Any) -> Image.Image:
    with default_storage.open(file.name) as stream:
        return Image.open(BytesIO(stream.read()))


def test_thumbnail_and_large_are_there_in_two_kinds() -> None:
    media = judged(picture("JPEG", (2400, 1600)))
    found = {field: opened(getattr(media, field)) for field in FIELDS}
    assert {field: each.format for field, each in found.items()} == FIELDS
    assert found["thumbnail"].size == found["thumbnail_webp"].size == (300, 200)
    assert found["large"].size == found["large_webp"].size == (1200, 800)
    rows = {(each["name"], each["kind"]): (each["width"], each["height"]) for each in media.made}
    assert rows["large", "WEBP"] == (1200, 800)


def test_their_names_say_of_which_bytes_and_by_which_rules_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    media = judged(picture())
    assert media.thumbnail.name == f"derivatives/{media.sha256[:2]}/{media.sha256}/{specs.RULES}-thumbnail.jpg"
    monkeypatch.setattr(specs, "RULES", 9)
    assert "/9-thumbnail.jpg" in media.thumbnail.name
    assert all("/9-" not in each.url for each in derivatives.shown(media)), "what is there is shown"


def test_pages_make_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    media = judged(picture())
    for each in media.made:
        default_storage.delete(each["file"])
    assert media.thumbnail.url
    assert not default_storage.exists(media.thumbnail.name)


def test_new_rules_make_them_anew_and_show_the_old_ones_until_then(monkeypatch: pytest.MonkeyPatch) -> None:
    media = judged(picture())
    old = [each["file"] for each in media.made]
    for module in (specs, derivatives):
        monkeypatch.setattr(module, "RULES", 2)
    ops.derive(media)
    ops.derive(media)
    assert Derivation.objects.filter(state="queued").count() == 1
    media.refresh_from_db()
    assert ([each["file"] for each in media.made], media.is_shown) == (old, True)
    work_off()
    media.refresh_from_db()
    assert media.rules == 2
    assert all("/2-" in each["file"] and default_storage.exists(each["file"]) for each in media.made)


def test_only_of_accepted_files_pictures_are_made() -> None:
    media = judged(b"no picture")
    with pytest.raises(ops.Impossible, match="Only of an accepted file"):
        ops.derive(media)


def test_a_full_storage_is_asked_again_and_what_is_accepted_stays_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        failing(patch, "_save", "derivatives/", FULL)
        media = judged(picture())
    job = Derivation.objects.get()
    assert (media.state, media.is_shown, job.state) == ("valid", False, "parked")
    assert "No space left on device" in job.failure_message
    make_due(job)
    due.start()
    work_off()
    media.refresh_from_db()
    assert media.is_shown


def test_a_picture_of_which_nothing_can_be_made_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sealed, "render", _heavy)
        media = judged(picture())
    assert (media.state, media.is_shown, media.awaits_pictures) == ("valid", False, False)
    assert media.failure_message.startswith("No pictures can be made of it.")


def _heavy(_stream: Any) -> Any:
    raise Refused("too_heavy", sealed.HEAVY)


def test_a_file_that_is_replaced_while_its_pictures_are_made_gets_those_of_the_new_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    media, render = judged(picture()), sealed.render

    def slowly(stream: Any) -> Any:
        monkeypatch.setattr(sealed, "render", render)
        MediaAttachment.objects.update(sha256="0" * 64, made=[], rules=0)
        return render(stream)

    monkeypatch.setattr(sealed, "render", slowly)
    ops.derive(media)
    work_off()
    media.refresh_from_db()
    assert {each["file"].split("/")[2] for each in media.made} == {"0" * 64}
    assert Derivation.objects.filter(state="succeeded").count() == 3


def test_an_essay_has_a_cover_in_two_sizes() -> None:
    media = judged(picture(size=(2400, 1600)))
    essay = Essay(title="An essay", cover=media)
    assert essay.cover_thumbnail is not None
    assert essay.cover_large is not None
    assert (opened(essay.cover_thumbnail).size, opened(essay.cover_large).size) == ((300, 200), (1200, 800))
    assert Essay(title="Without").cover_thumbnail is None
    media.state = "quarantined"
    assert essay.cover_large is None
