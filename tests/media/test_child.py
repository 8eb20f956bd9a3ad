"""What the child finds in files, and what it costs."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from integrations.media import child, kinds, sealed
from integrations.media.pictures import LARGEST_PIXELS
from tests.media.files import SVG, document, files, looked, picture, png_of_zeros

PICTURES = (
    "images/pillow",
    *(f"images/gofuzz-{kind}" for kind in ("bmp", "gif", "jpeg", "png", "tiff", "webp")),
    "uploads",
)
PDFS = ("pdf/qpdf", "pdf/qpdf-fuzz", "pdf/payloads")
OTHERS = {
    "svg": SVG,
    "html": b"<html><script>alert(1)</script></html>",
    "empty": b"",
    "text": b"a text",
    "postscript": b"%!PS-Adobe-3.0\n",
    "zip": b"PK\3\4",
}


def judge(path: Path) -> str:
    """Anything but a verdict with a sentence fails the test."""
    with path.open("rb") as stream:
        found = child.look(stream)
    assert bool(found["said"]) == (found["verdict"] != "accepted"), path
    assert found["said"].endswith(".") or not found["said"], path
    if found["verdict"] == "accepted":
        assert found["content_type"] in kinds.BY_TYPE
        assert (found["width"] or 0) * (found["height"] or 0) <= LARGEST_PIXELS
    return str(found["verdict"])


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's remarks on what is odd in a file
@pytest.mark.parametrize("folder", PICTURES)
def test_every_picture_of_the_corpus_is_accepted_or_refused_with_a_sentence(shared_data: Path, folder: str) -> None:
    accepted = [judge(path) == "accepted" for path in files(shared_data, folder)]
    assert any(accepted) == (folder not in {"images/gofuzz-bmp", "images/gofuzz-tiff"})


@pytest.mark.parametrize("folder", PDFS)
def test_every_pdf_of_the_corpus_is_accepted_or_refused_with_a_sentence(shared_data: Path, folder: str) -> None:
    verdicts = {judge(path) for path in files(shared_data, folder)}
    assert ("accepted" in verdicts) == (folder == "pdf/qpdf")


def test_a_child_of_its_own_says_the_same_within_two_seconds_and_400_mb(shared_data: Path) -> None:
    paths = files(shared_data, *PICTURES, *PDFS)[::40]
    found = {path: looked(path.read_bytes()) for path in paths}
    assert {path: each.verdict for path, each in found.items() if each.verdict != judge(path)} == {}
    assert max(each.peak_kib for each in found.values()) < 400 * 1024


def test_a_picture_of_361_megapixels_costs_less_than_64_mb() -> None:
    bomb = png_of_zeros(19_000, 19_000)
    found = looked(bomb)
    assert len(bomb) < 100_000
    assert (found.verdict, found.code) == ("rejected", "too_many_pixels")
    assert 0 < found.peak_kib < 64 * 1024


@pytest.mark.parametrize("side", [5001, 13_000, 60_000])
def test_a_bomb_is_refused_before_it_is_decoded(side: int) -> None:
    height = 5000 if side == 5001 else min(side, 13_000)
    assert looked(png_of_zeros(side, height)).said == ("The picture has more than 25 megapixels. Upload a smaller one.")


def test_a_picture_of_exactly_25_megapixels_is_accepted() -> None:
    found = looked(png_of_zeros(5000, 5000))
    assert (found.verdict, found.width, found.height) == ("accepted", 5000, 5000)


@pytest.mark.parametrize("answer", ["import os; os.abort()", "print('no JSON')", "print('{}')", "while True: pass"])
def test_a_child_that_dies_or_talks_nonsense_is_a_refusal_and_no_crash(
    monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    monkeypatch.setattr(sealed, "PROGRAM", ("-c", answer))
    monkeypatch.setattr(sealed, "PATIENCE_S", 1)
    found = looked(picture())
    assert (found.verdict, found.code, found.said) == ("rejected", "too_heavy", sealed.HEAVY)


@pytest.mark.parametrize("kind", ["TIFF", "BMP", "ICO", "PPM", "TGA", "EPS", "JPEG2000"])
def test_a_kind_that_is_not_taken_is_refused_whatever_its_name(kind: str) -> None:
    found = looked(picture(kind))
    assert (found.verdict, found.code) == ("rejected", "not_taken")
    assert found.said.endswith(kinds.TAKEN)


@pytest.mark.parametrize("content", OTHERS.values(), ids=OTHERS)
def test_what_is_no_picture_says_what_it_is_and_what_to_upload(content: bytes) -> None:
    found = looked(content)
    assert (found.verdict, found.code, found.width) == ("rejected", "not_taken", None)
    assert "Upload a JPEG" in found.said


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
def test_a_picture_is_accepted_with_what_was_looked_at(kind: str) -> None:
    found = looked(picture(kind))
    assert (found.verdict, found.content_type, found.width, found.height) == (
        "accepted",
        f"image/{kind.lower()}",
        40,
        30,
    )
    assert [(each["name"], each["said"]) for each in found.checks] == [
        ("kind", f"image/{kind.lower()}"),
        ("size in pixels", "40 × 30"),
        ("decoded", "1 picture"),
    ]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
def test_a_picture_that_was_cut_off_is_damaged(kind: str) -> None:
    stream = BytesIO()
    Image.effect_noise((64, 64), 80).convert("RGB").save(stream, kind)
    found = looked(stream.getvalue()[: len(stream.getvalue()) // 2])
    assert (found.verdict, found.code) == ("rejected", "damaged")


def test_a_jpeg_of_several_pictures_is_a_jpeg() -> None:
    several = picture("MPO", save_all=True, append_images=[Image.new("RGB", (8, 8), 9)])
    found = looked(several)
    assert (found.content_type, found.checks[-1]["said"]) == ("image/jpeg", "2 pictures")


def test_a_jpeg_of_very_many_scans_is_refused_before_it_is_decoded() -> None:
    scans = picture("JPEG", progressive=True)[:-2] + b"\xff\xda\0\2" * 101
    found = looked(scans)
    assert (found.verdict, found.code, len(found.checks)) == ("rejected", "too_heavy", 1)


def test_more_frames_than_anybody_needs_are_refused() -> None:
    frames = [Image.new("L", (4, 4), number % 256) for number in range(201)]
    found = looked(picture("GIF", (4, 4), "L", save_all=True, append_images=frames))
    assert (found.verdict, found.code) == ("rejected", "too_many_frames")


SCRIPT = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))
ACTIVE = {
    "JavaScript": {"OpenAction": SCRIPT},
    "JavaScript, hidden in a name tree": {"Names": pikepdf.Dictionary(JavaScript=pikepdf.Dictionary())},
    "an action that starts a program": {"OpenAction": pikepdf.Dictionary(S=pikepdf.Name.Launch)},
    "embedded files": {"Names": pikepdf.Dictionary(EmbeddedFiles=pikepdf.Dictionary())},
    "an action that sends data away": {"AA": pikepdf.Dictionary(WC=pikepdf.Dictionary(S=pikepdf.Name.SubmitForm))},
}


@pytest.mark.parametrize("said", ACTIVE)
def test_a_pdf_that_would_do_something_is_quarantined_with_what_it_is(said: str) -> None:
    found = looked(document(**ACTIVE[said]))
    assert (found.verdict, found.code) == ("quarantined", "active")
    assert said.partition(",")[0] in found.said


def test_a_plain_pdf_is_accepted() -> None:
    found = looked(document())
    assert (found.verdict, found.content_type) == ("accepted", "application/pdf")
    assert ("read", "1 page") in [(each["name"], each["said"]) for each in found.checks]


@pytest.mark.parametrize("user", ["", "a password"])
def test_a_pdf_with_a_password_is_quarantined(user: str) -> None:
    stream = BytesIO()
    with pikepdf.open(BytesIO(document())) as made:
        made.save(stream, encryption=pikepdf.Encryption(owner="owner", user=user))
    found = looked(stream.getvalue())
    assert (found.verdict, found.code) == ("quarantined", "encrypted")


def test_a_pdf_that_no_program_can_read_is_damaged() -> None:
    assert looked(b"%PDF-1.4\n%%EOF").code == "damaged"
