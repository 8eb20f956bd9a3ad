"""The benchmark of media: what it says, that all candidates made the same, and that its photographs are the same."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import media
import media_ours
import media_page
import media_photos
import pytest
from calls_candidates import Spoilt
from media_worker import LARGE, THUMBNAIL, named, peak_kib
from PIL import Image

from integrations.media import rendering

MADE = {named("large", 1200, 800, "JPEG"): 1000, named("thumbnail", 300, 200, "WEBP"): 100}


def did(seconds: float, peak: float = 50, made: dict[str, int] | None = None) -> media.Did:
    return {"seconds": seconds, "peak_mib": peak, "made": MADE if made is None else made}


def found(ours: float = 0.2, imagekit: float = 0.5, vips: float = 0.1) -> media.Found:
    of = {media.OURS: ours, media.IMAGEKIT: imagekit, media.VIPS: vips}
    twelve = {name: [did(seconds)] * 3 for name, seconds in of.items()}
    return {"12 MP": twelve, "24 MP": {name: [did(seconds * 2)] * 3 for name, seconds in of.items()}}


def test_a_photograph_is_the_same_every_time() -> None:
    one, again, other = (media_photos.photograph(number, (400, 300)).tobytes() for number in (1, 1, 2))
    assert hashlib.sha256(one).digest() == hashlib.sha256(again).digest()
    assert one != other


def test_ours_makes_what_is_asked_of_all(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    media_photos.photograph(1, (2400, 1600)).save(path, "JPEG")
    wanted = {named("large", *LARGE, kind) for kind in rendering.KINDS}
    wanted |= {named("thumbnail", *THUMBNAIL, kind) for kind in rendering.KINDS}
    assert set(media_ours.make(str(path))) == wanted
    assert peak_kib() > 1000


def test_the_last_line_is_that_of_the_worse_size() -> None:
    worse = found()
    worse["24 MP"][media.OURS] = [did(0.6, peak=70)] * 3
    figures: dict[str, Any] = media.figures(worse, [float(each) for each in range(100)])
    assert (figures["vs_pyvips"], figures["vs_plain_imagekit"]) == (3.0, 0.6)
    assert (figures["page_p95_ms"], figures["peak_mib"][media.OURS]) == (95.0, 70)


def test_other_pictures_than_the_rest_spoil_the_run() -> None:
    spoilt = found()
    media.verify(spoilt)
    spoilt["24 MP"][media.VIPS] = [did(0.1, made={named("large", 1199, 800, "JPEG"): 1})]
    with pytest.raises(Spoilt, match="24 MP"):
        media.verify(spoilt)


@pytest.mark.parametrize(("told", "sentence"), [("", "not come to the end"), ("2\n", "2 were refused")])
def test_a_photograph_that_was_not_accepted_spoils_the_run(told: str, sentence: str) -> None:
    media_page.verify("0\n")
    with pytest.raises(Spoilt, match=sentence):
        media_page.verify(told)


def test_photographs_are_of_both_sizes_in_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_photos, "SIZES", {"small": (80, 40), "larger": (160, 80)})
    files = media_photos.write(tmp_path, 3)
    assert {name: len(paths) for name, paths in files.items()} == {"small": 2, "larger": 1}
    with Image.open(files["larger"][0]) as image:
        assert image.size == (160, 80)
