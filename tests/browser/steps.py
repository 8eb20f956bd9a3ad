"""What a person does, said once."""

from __future__ import annotations

import os
import re
from pathlib import Path

from playwright.sync_api import Locator, Page, ViewportSize, expect
from playwright.sync_api import TimeoutError as TooLate

DESKTOP: ViewportSize = {"width": 1440, "height": 900}
LIGHT_LINE, DARK_LINE = [47, 127, 193], [96, 165, 250]  # --c-line-strong
# How many pixels of a canvas have exactly this colour.
COLOURED = """(canvas, colour) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let found = 0;
    for (let i = 0; i < data.length; i += 4) {
        if (data[i + 3] === 255 && colour.every((part, j) => data[i + j] === part)) found += 1;
    }
    return found;
}"""
PHONE: ViewportSize = {"width": 390, "height": 844}


def sign_in(page: Page, name: str, password: str) -> None:
    """From the login form to the dashboard."""
    page.goto("/admin/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/admin/")


def switch_to(page: Page, theme: str) -> None:
    """A key that is pressed before Alpine has begun to listen is lost; pressed again it goes on to the next theme."""
    for _ in range(6):
        page.keyboard.press("Control+e")
        try:
            page.wait_for_function("theme => document.documentElement.className === theme", arg=theme, timeout=2000)
        except TooLate:
            continue
        break
    expect(page.locator("html")).to_have_class(theme)


def take_picture(page: Page, path: Path) -> None:
    """Of the whole page, if somebody wants to see it: Chromium takes seconds over each."""
    if "SCREENSHOTS" in os.environ:
        page.screenshot(path=path, full_page=True)


def dialog(page: Page) -> Locator:
    """The question that is asked before a verb is done."""
    return page.locator("#modal-content")


def press(page: Page, verb: str) -> None:
    """Click the verb at the top of the page and agree to what the dialog says."""
    page.get_by_role("link", name=verb).first.click()
    dialog(page).get_by_role("button", name=verb).click()


def panel(page: Page) -> Locator:
    """The part of a row's page that keeps itself fresh."""
    return page.locator("#live-panel")


def figure(page: Page, name: str) -> Locator:
    """The value under a heading of the panel."""
    named = page.locator("dt", has_text=re.compile(rf"^{name}\b"))
    return panel(page).locator(".c-figures > div").filter(has=named).locator("dd")


def remember_page(page: Page) -> None:
    """Mark the document, so that a reload can be noticed."""
    page.evaluate("window.neverReloaded = true")


def is_same_page(page: Page) -> bool:
    """Whether the document is the one that was marked."""
    return bool(page.evaluate("window.neverReloaded === true"))


def message(page: Page, text: str) -> Locator:
    """A message at the top of the page."""
    found = page.get_by_text(text)
    expect(found.first).to_be_visible()
    return found.first


def card(page: Page, service: str) -> Locator:
    """A service's part of the dashboard."""
    return page.locator(".c-service", has_text=service)
