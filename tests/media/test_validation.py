"""What is a picture, and what becomes of everything else."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from integrations import ops
from integrations.media.validation import LARGEST_PIXELS, NotAccepted, decode
from integrations.models import MediaAttachment
from tests.worker import work_off

FOLDERS = (
    "images/pillow",
    *(f"images/gofuzz-{kind}" for kind in ("bmp", "gif", "jpeg", "png", "tiff", "webp")),
    "uploads",
)
TYPES = {"image/jpeg", "image/png", "image/gif", "image/webp"}
NOT_PICTURES = {
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "pdf": b"%PDF-1.4\n%%EOF",
    "html": b"<html><script>alert(1)</script></html>",
    "empty": b"",
    "text": b"a text",
    "postscript": b"%!PS-Adobe-3.0\n",
}


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30), mode: str = "RGB") -> bytes:
    stream = BytesIO()
    Image.new(mode, size, 1).save(stream, kind)
    return stream.getvalue()


def png_of_zeros(width: int, height: int) -> bytes:
    """A small file that decodes to very much."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compressobj(9)
    data = b"".join([*(rows.compress(bytes(1 + (width + 7) // 8)) for _ in range(height)), rows.flush()])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def upload(content: bytes) -> MediaAttachment:
    media = MediaAttachment.objects.create(file=ContentFile(content, "upload"), original_name="upload")
    ops.validate(media)
    work_off()
    media.refresh_from_db()
    return media


def judge(path: Path) -> bool:
    """Whether it is accepted. Anything but NotAccepted fails the test."""
    with path.open("rb") as stream:
        try:
            found = decode(stream)
        except NotAccepted as reason:
            assert str(reason).endswith(".")  # noqa: PT017 - both ends are right, this one with a sentence
            return False
    assert found.content_type in TYPES
    assert 0 < found.width * found.height <= LARGEST_PIXELS
    return True


def files(shared_data: Path, folder: str) -> list[Path]:
    found = sorted(path for path in (shared_data / folder).iterdir() if path.is_file())
    assert found
    return found


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's remarks on what is odd in a file
@pytest.mark.parametrize("folder", FOLDERS)
def test_every_file_of_the_corpus_is_accepted_or_refused_with_a_sentence(shared_data: Path, folder: str) -> None:
    accepted = [judge(path) for path in files(shared_data, folder)]
    assert any(accepted) == (folder not in {"images/gofuzz-bmp", "images/gofuzz-tiff"})


def _every_accepted_one_has_a_thumbnail(paths: list[Path]) -> None:
    for path in paths:
        media = upload(path.read_bytes())
        assert media.state in {"valid", "quarantined"}, path
        if media.state == "valid":
            assert media.sha256
            assert media.width
            with default_storage.open(media.thumbnail.name) as stream, Image.open(stream) as thumbnail:
                assert max(thumbnail.size) <= 320, path


@pytest.mark.django_db
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_what_is_accepted_has_a_thumbnail(shared_data: Path) -> None:
    _every_accepted_one_has_a_thumbnail([path for folder in FOLDERS for path in files(shared_data, folder)[::25]])


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_what_is_accepted_of_the_whole_corpus_has_a_thumbnail(shared_data: Path) -> None:
    _every_accepted_one_has_a_thumbnail([path for folder in FOLDERS for path in files(shared_data, folder)])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
@pytest.mark.django_db
def test_a_picture_is_valid_with_its_size_type_and_digest(kind: str) -> None:
    media = upload(picture(kind))
    assert (media.state, media.content_type, media.width, media.height) == ("valid", f"image/{kind.lower()}", 40, 30)
    assert len(media.sha256) == 64
    assert default_storage.exists(media.thumbnail.name)


def test_a_jpeg_of_several_pictures_is_a_jpeg() -> None:
    stream = BytesIO()
    Image.new("RGB", (8, 8)).save(stream, "MPO", save_all=True, append_images=[Image.new("RGB", (8, 8), 9)])
    assert decode(BytesIO(stream.getvalue())).content_type == "image/jpeg"


@pytest.mark.parametrize("side", [5001, 13_000, 60_000])
def test_a_bomb_is_refused_before_it_is_decoded(side: int) -> None:
    height = 5000 if side == 5001 else side
    bomb = png_of_zeros(side, min(height, 13_000))
    assert len(bomb) < 200_000
    with pytest.raises(NotAccepted, match="more than 25 megapixels"):
        decode(BytesIO(bomb))


def test_a_picture_of_exactly_25_megapixels_is_accepted() -> None:
    assert decode(BytesIO(png_of_zeros(5000, 5000))).width == 5000


@pytest.mark.parametrize("kind", ["TIFF", "BMP", "ICO", "PPM", "TGA", "PDF", "EPS", "JPEG2000", "AVIF"])
def test_a_format_that_is_not_on_the_list_is_refused(kind: str) -> None:
    with pytest.raises(NotAccepted, match="Upload one of JPEG, PNG, GIF, WEBP"):
        decode(BytesIO(picture(kind)))


@pytest.mark.parametrize("content", NOT_PICTURES.values(), ids=NOT_PICTURES.keys())
@pytest.mark.django_db
def test_what_is_no_picture_stays_in_quarantine_and_says_why(content: bytes) -> None:
    media = upload(content)
    assert (media.state, media.failure_code) == ("quarantined", "not_accepted")
    assert "Upload one of" in media.failure_message
    assert media.width is None


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
@pytest.mark.django_db
def test_a_picture_that_was_cut_off_stays_in_quarantine(kind: str) -> None:
    noise = Image.effect_noise((64, 64), 80).convert("RGB")
    stream = BytesIO()
    noise.save(stream, kind)
    media = upload(stream.getvalue()[: len(stream.getvalue()) // 2])
    assert (media.state, media.failure_code) == ("quarantined", "not_accepted")


@pytest.mark.parametrize("size", [(1, 2000), (2000, 1)])
@pytest.mark.django_db
def test_a_picture_too_narrow_for_a_thumbnail_stays_in_quarantine(size: tuple[int, int]) -> None:
    media = upload(picture(size=size))
    assert (media.state, media.failure_code) == ("quarantined", "not_accepted")
    assert "No thumbnail" in media.failure_message


@pytest.mark.django_db
def test_a_file_that_is_gone_is_said() -> None:
    media = upload(picture())
    Path(media.file.path).unlink()
    ops.validate(media)
    work_off()
    media.refresh_from_db()
    assert (media.state, media.failure_code) == ("quarantined", "missing")
    assert "Upload it again" in media.failure_message


@pytest.mark.django_db
def test_a_second_judgement_forgets_the_first() -> None:
    media = upload(b"no picture")
    path = Path(media.file.path)
    path.write_bytes(picture())
    ops.validate(media)
    work_off()
    media.refresh_from_db()
    assert (media.state, media.failure_code, media.failure_message) == ("valid", "", "")


@pytest.mark.django_db
def test_the_name_on_disk_is_ours() -> None:
    media = MediaAttachment.objects.create(file=ContentFile(picture(), "../../evil.php"))
    assert media.file.name
    assert "evil" not in media.file.name
    assert media.file.name.startswith("media/")
