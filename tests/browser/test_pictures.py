"""Every page in both widths and both themes: nothing scrolls sideways; with SCREENSHOTS, a picture of each to look at."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from django.urls import reverse
from PIL import Image
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as TooLate

from integrations.models import Call, Service, SyncRun, WebhookEvent
from tests.browser.busy import check_until_down
from tests.browser.conftest import Console
from tests.browser.steps import DESKTOP, PHONE, dialog, figure, switch_to, take_picture

THEMES = ("light", "dark")
FITS = "document.scrollingElement.scrollWidth <= innerWidth"


def _fits(page: Page) -> bool:
    """Whether nothing is wider than the window; charts follow its width a moment later."""
    try:
        page.wait_for_function(FITS, timeout=1000)
    except TooLate:
        return False
    return True


def photograph(page: Page, folder: Path, name: str) -> None:
    """Four pictures of the page as it is."""
    page.wait_for_function("document.documentElement._x_dataStack")  # Alpine listens to the keyboard from then on
    for theme in THEMES:
        switch_to(page, theme)
        for width, size in (("desktop", DESKTOP), ("phone", PHONE)):
            page.set_viewport_size(size)
            fits = _fits(page)
            take_picture(page, folder / f"{name}-{width}-{theme}.png")
            assert fits, f"{name} scrolls sideways on a {width}"
    page.set_viewport_size(DESKTOP)


def test_a_run_in_progress(page: Page, pictures: Path, held_run: SyncRun) -> None:
    page.goto(held_run.get_absolute_url())
    expect(figure(page, "Read")).to_have_text("115 of 240")
    photograph(page, pictures, "run-in-progress")


def test_the_first_pages(page: Page, pictures: Path, synced: SyncRun) -> None:
    for name, address in {
        "dashboard": "/admin/",
        "service": synced.stream.service.get_absolute_url(),
        "services": "/admin/integrations/service/",
        "run-done": synced.get_absolute_url(),
        "calls": "/admin/integrations/call/",
        "call": Call.objects.filter(operation="list_articles").latest("pk").get_absolute_url(),
        "latency": "/admin/latency/",
        "trail": reverse("trail", args=[synced.correlation_id]),
        "empty-list": "/admin/integrations/property/",
    }.items():
        page.goto(address)
        photograph(page, pictures, name)


def test_a_delivery(page: Page, pictures: Path, event: WebhookEvent) -> None:
    page.goto(event.get_absolute_url())
    photograph(page, pictures, "event")


def test_the_questions_that_are_asked_first(page: Page, pictures: Path, console: Console) -> None:
    page.goto(console.articles.get_absolute_url())
    page.get_by_role("link", name="Sync now").click()
    expect(dialog(page)).to_contain_text("Sync now?")
    photograph(page, pictures, "dialog")


def test_the_way_in(window: Page, pictures: Path) -> None:
    window.goto("/admin/")
    photograph(window, pictures, "login")


def test_trouble(page: Page, pictures: Path, unreachable: Service) -> None:
    check_until_down(unreachable)
    for name, address in {
        "trouble-dashboard": "/admin/",
        "trouble-service": unreachable.get_absolute_url(),
        "trouble-incidents": "/admin/integrations/incident/",
    }.items():
        page.goto(address)
        photograph(page, pictures, name)


def test_a_busy_day(page: Page, pictures: Path, busy_day: None) -> None:
    page.goto("/admin/")
    expect(page.locator(".c-service")).to_have_count(4)
    photograph(page, pictures, "busy-dashboard")
    page.keyboard.press("Control+e")
    picture = page.screenshot()
    # The README's is this one, kept small: docs/images/dashboard.png.
    Image.open(BytesIO(picture)).convert("RGB").quantize(200).save(pictures / "dashboard.png", optimize=True)
