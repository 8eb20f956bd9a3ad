"""What is made of an accepted picture: its sizes, its colours, and that nothing of the file's own gets into it."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from integrations.media.rendering import LARGE, THUMBNAIL, Rendered, render

SECRET = b"52.5200N 13.4050E <?php <script"


def file(size: tuple[int, int], kind: str = "JPEG", mode: str = "RGB", colour: Any = "teal", **how: Any) -> io.BytesIO:
    made = io.BytesIO()
    Image.new(mode, size, colour).save(made, kind, **how)
    made.seek(0)
    return made


def made_of(stream: io.BytesIO) -> dict[tuple[str, str], Rendered]:
    return {(each.size.name, each.kind): each for each in render(stream)}


def opened(rendered: Rendered) -> Image.Image:
    return Image.open(io.BytesIO(rendered.content))


@pytest.mark.parametrize(
    ("size", "large"),
    [
        ((6000, 4000), (1200, 800)),
        ((4000, 6000), (533, 800)),
        ((640, 400), (640, 400)),
        ((8000, 40), (1200, 6)),
        ((1, 3000), (1, 800)),
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_the_thumbnail_is_filled_and_the_large_one_fits(
    size: tuple[int, int], large: tuple[int, int], kind: str
) -> None:
    found = made_of(file(size, kind))
    assert set(found) == {(name, kind) for name in ("thumbnail", "large") for kind in ("JPEG", "WEBP")}
    for (name, kind_made), each in found.items():
        wanted = (THUMBNAIL.width, THUMBNAIL.height) if name == "thumbnail" else large
        assert (opened(each).size, opened(each).format) == ((each.width, each.height), kind_made)
        assert (each.width, each.height) == wanted


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_stands_upright_whatever_the_camera_was_held_like(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    found = made_of(file((3000, 2000), exif=exif))
    on_its_side = orientation > 4
    assert (found["large", "JPEG"].width, found["large", "JPEG"].height) == ((533, 800) if on_its_side else (1200, 800))
    assert not opened(found["large", "JPEG"]).getexif()


def test_nothing_that_the_file_carried_gets_into_what_is_shown() -> None:
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    text = PngInfo()
    text.add_text("Comment", SECRET.decode())
    streams = [
        file((400, 300), exif=exif, comment=SECRET, xmp=SECRET, icc_profile=SECRET),
        file((400, 300), "PNG", exif=exif, pnginfo=text),
        file((400, 300), "WEBP", exif=exif, xmp=SECRET),
        file((400, 300), "GIF", comment=SECRET),
    ]
    for stream in streams:
        stream.seek(0, io.SEEK_END)
        stream.write(SECRET)
        assert SECRET in stream.getvalue()
        stream.seek(0)
        for each in render(stream):
            assert SECRET not in each.content
            assert set(opened(each).info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "loop", "background"}


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_pictures_of_every_mode_become_pictures_that_browsers_show(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    found = made_of(file((640, 400), kind, mode, colour=0))
    assert {opened(each).mode for each in found.values()} <= {"RGB", "RGBA"}


def test_what_is_transparent_stays_so_and_is_white_where_it_cannot() -> None:
    found = made_of(file((640, 400), "PNG", "RGBA", colour=(0, 0, 0, 0)))
    webp, jpeg = opened(found["large", "WEBP"]).convert("RGBA"), opened(found["large", "JPEG"])
    assert webp.getpixel((9, 9))[3] == 0  # type: ignore[index]  # of a picture with four channels
    assert jpeg.getpixel((9, 9)) == (255, 255, 255)


def test_colours_are_converted_by_the_profile_of_the_file() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    found = made_of(file((640, 400), "PNG", colour=(10, 120, 200), icc_profile=profile))
    red, green, blue = opened(found["large", "JPEG"]).getpixel((9, 9))  # type: ignore[misc]  # three channels
    assert max(abs(red - 10), abs(green - 120), abs(blue - 200)) < 4


def test_the_first_frame_stands_for_a_moving_picture() -> None:
    moving = io.BytesIO()
    frames = [Image.new("RGB", (640, 400), colour) for colour in ("red", "blue")]
    frames[0].save(moving, "GIF", save_all=True, append_images=frames[1:])
    moving.seek(0)
    red, _green, blue = opened(made_of(moving)["large", "JPEG"]).getpixel((9, 9))  # type: ignore[misc]  # three channels
    assert (red > 240, blue < 16) == (True, True)


def test_a_large_photograph_is_not_decoded_in_full() -> None:
    wanted = LARGE.width * LARGE.height
    stream = file((6000, 4000))
    with Image.open(stream) as image:
        image.draft(None, (LARGE.width, LARGE.height))
        assert wanted <= image.width * image.height < 2 * wanted
