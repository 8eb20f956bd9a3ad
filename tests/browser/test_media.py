"""Files are dropped on the upload page, and a person sees what becomes of each without loading it anew."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from io import BytesIO

import pytest
from django.db import IntegrityError, OperationalError
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, expect

from integrations.models import MediaAttachment
from tests.browser.steps import is_same_page, remember_page
from tests.browser.watch import Watch
from tests.flows.processes import seconds_until

UPLOAD = "/admin/integrations/mediaattachment/add/"
DROP = """(files) => {
    const transfer = new DataTransfer();
    for (const [name, text] of files) {
        const bytes = Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
        transfer.items.add(new File([bytes], name));
    }
    const zone = document.querySelector('[data-drop]');
    for (const kind of ['dragenter', 'dragover', 'drop']) {
        zone.dispatchEvent(new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true }));
    }
}"""
IS_DRAWN = "picture => picture.complete && picture.naturalWidth > 0"


def picture(kind: str, colour: str) -> bytes:
    made = BytesIO()
    Image.new("RGB", (1600, 1000), colour).save(made, kind)
    return made.getvalue()


FILES = {
    "harbour.jpg": picture("JPEG", "teal"),
    "street.png": picture("PNG", "maroon"),
    "bridge.webp": picture("WEBP", "olive"),
    "tower.gif": picture("GIF", "navy"),
    "lie.jpg": b"just words that call themselves a picture",
}


@pytest.fixture(autouse=True)
def _leaves_no_files() -> Iterator[None]:
    yield
    seconds_until(_are_gone, 30, "the files are forgotten")


def _are_gone() -> bool:
    """The worker may be writing something of theirs."""
    try:
        MediaAttachment.objects.all().delete()
    except (IntegrityError, OperationalError):
        return False
    return True


def drop(page: Page, files: dict[str, bytes]) -> None:
    page.evaluate(DROP, [[name, base64.b64encode(content).decode()] for name, content in files.items()])


def tile(page: Page, name: str) -> Locator:
    return page.locator("#files > li").filter(has_text=name)


def expect_drawn(page: Page, name: str) -> None:
    image = tile(page, name).locator("img")
    expect(image).to_be_visible()
    image.scroll_into_view_if_needed()
    page.wait_for_function(IS_DRAWN, arg=image.element_handle())


def test_of_five_dropped_files_four_are_accepted_and_one_says_why_not(page: Page) -> None:
    page.goto(UPLOAD)
    remember_page(page)
    drop(page, FILES)
    for name in ("harbour.jpg", "street.png", "bridge.webp", "tower.gif"):
        expect_drawn(page, name)
    expect(tile(page, "lie.jpg").locator(".c-file-reason")).to_contain_text("Upload")
    expect(page.locator("#files img")).to_have_count(4)
    expect(page.locator("#files [data-moving]")).to_have_count(0)
    expect(page.get_by_text("All are sent.")).to_be_visible()
    assert is_same_page(page)


def test_loaded_anew_the_page_shows_the_same_files(page: Page) -> None:
    page.goto(UPLOAD)
    drop(page, {"harbour.jpg": FILES["harbour.jpg"]})
    expect_drawn(page, "harbour.jpg")
    page.reload()
    expect_drawn(page, "harbour.jpg")


def test_a_picture_is_seen_in_full_and_put_away_by_the_keyboard(page: Page) -> None:
    page.goto(UPLOAD)
    drop(page, {"harbour.jpg": FILES["harbour.jpg"]})
    expect_drawn(page, "harbour.jpg")
    page.get_by_role("button", name="Enlarge harbour.jpg").press("Enter")
    picture_in_full = page.get_by_role("dialog", name="Picture").locator("img")
    page.wait_for_function(IS_DRAWN, arg=picture_in_full.element_handle())
    page.keyboard.press("Escape")
    expect(picture_in_full).to_be_hidden()


def test_a_file_is_replaced_and_every_link_to_it_stays(page: Page) -> None:
    page.goto(UPLOAD)
    drop(page, {"harbour.jpg": FILES["harbour.jpg"]})
    expect_drawn(page, "harbour.jpg")
    row = MediaAttachment.objects.get(original_name="harbour.jpg")
    page.goto(row.get_absolute_url())
    image = page.locator(".c-media .c-picture img")
    before = image.get_attribute("src")
    page.get_by_role("link", name="Replace the file").click()
    other: FilePayload = {"name": "street.png", "mimeType": "image/png", "buffer": FILES["street.png"]}
    page.set_input_files("[type=file]", other)
    page.get_by_role("button", name="Replace").click()
    gone = re.compile("has taken the place of the other one|Perhaps it was deleted")  # the worker may be faster
    expect(page.get_by_text(gone)).to_be_visible()
    replaced = MediaAttachment.objects.filter(pk=row.pk, original_name="street.png").exclude(made=[])
    seconds_until(replaced.exists, 30, "the new file has taken its place")
    page.goto(row.get_absolute_url())
    expect(page.locator(".c-panel-head")).to_contain_text("street.png")
    page.wait_for_function(IS_DRAWN, arg=image.element_handle())
    assert image.get_attribute("src") != before


def test_a_file_that_is_too_large_is_not_even_sent(page: Page) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    page.goto(UPLOAD)
    drop(page, {"film.mov": bytes(10 * 1024 * 1024 + 1)})
    expect(tile(page, "film.mov")).to_contain_text("larger than 10.0 MiB. Upload a smaller one.")
    assert "POST" not in sent


def test_what_could_not_be_sent_can_be_sent_again(page: Page, watch: Watch) -> None:
    watch.expect(503)
    page.goto(UPLOAD)
    page.route(f"**{UPLOAD}", lambda route: route.fulfill(status=503))
    drop(page, {"harbour.jpg": FILES["harbour.jpg"]})
    expect(tile(page, "harbour.jpg")).to_contain_text("Not sent: the console answered 503.")
    page.unroute(f"**{UPLOAD}")
    tile(page, "harbour.jpg").get_by_role("button", name="Send again").click()
    expect_drawn(page, "harbour.jpg")


def test_without_a_script_it_is_a_form(page: Page) -> None:
    page.route("**/console/upload*.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    page.goto(UPLOAD)
    plain: FilePayload = {"name": "plain.jpg", "mimeType": "image/jpeg", "buffer": FILES["harbour.jpg"]}
    page.set_input_files("#id_file", plain)
    page.get_by_role("button", name="Upload").click()
    expect(tile(page, "plain.jpg")).to_be_visible()
