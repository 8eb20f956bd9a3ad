"""The essay and property pages in a real browser, while what they ask comes and goes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Dialog, Page, Request, Route, expect
from pytest_django import DjangoDbBlocker

from integrations.models import CachedAnswer, Enrichment, Essay, Property, Service
from tests.browser.chromium import PATIENCE_MS, launched
from tests.browser.steps import DESKTOP, PHONE, sign_in, take_picture
from tests.browser.watch import Watch
from tests.flows.deployment import PASSWORD
from tests.pages.reading import Library, library

FITS = "document.scrollingElement.scrollWidth <= innerWidth"
QUIET = "Not available just now."


@pytest.fixture(scope="module")
def shelves(
    chromium: str, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[Library]:
    with django_db_blocker.unblock(), library(tmp_path_factory.mktemp("library")) as made:
        yield made


@pytest.fixture(scope="module")
def reading(chromium: str, shelves: Library) -> Iterator[Browser]:
    with launched(chromium) as browser:
        yield browser


@pytest.fixture
def reader(reading: Browser, shelves: Library, watch: Watch) -> Iterator[Page]:
    """The superuser at the pages."""
    with reading.new_context(base_url=shelves.deployment.url, viewport=DESKTOP) as context:
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        sign_in(page, "admin", PASSWORD)
        yield watch.over(page)


def hours_pass() -> None:
    past = timezone.now() - timedelta(hours=3, minutes=1)
    Enrichment.objects.exclude(as_of=None).update(as_of=past)
    Enrichment.objects.update(due_at=past, asked_at=past)
    CachedAnswer.objects.all().delete()


def test_a_page_fills_itself_and_nothing_of_strangers_runs(reader: Page) -> None:
    reader.goto("/essays/night-trains/")
    expect(reader.locator("#fragment-analytics")).to_contain_text("40 s")
    expect(reader.locator("#fragment-analytics")).to_contain_text("a moment ago")
    expect(reader.locator("#fragment-preview")).to_contain_text("Night trains & their timetables")
    assert reader.title() == "Night trains and the people who mend them"
    expect(reader.locator(".prose img, .prose script")).to_have_count(0)
    expect(reader.get_by_role("link", name="Picture: A train at dawn")).to_be_visible()


def test_a_remote_that_goes_down_and_comes_back(reader: Page, shelves: Library) -> None:
    reader.goto("/essays/night-trains/")
    figures = reader.locator("#fragment-analytics")
    expect(figures).to_contain_text("a moment ago")
    views = figures.locator("dd").first.inner_text()
    hours_pass()
    shelves.shut_sandbox()
    try:
        reader.reload()
        expect(reader.get_by_role("heading", level=1)).to_have_text("Night trains and the people who mend them")
        expect(figures).to_contain_text("3 hours ago")
        expect(figures).to_have_class("fragment analytics over")
        expect(figures.locator("dd").first).to_have_text(views)
        reader.goto(f"/properties/{Property.objects.order_by('pk')[0].pk}/")
        expect(reader.locator("#fragment-assessment")).to_have_text(f"Assessment {QUIET}", use_inner_text=True)
        expect(reader.locator("#fragment-place").get_by_text(QUIET)).to_be_visible()
    finally:
        shelves.open_sandbox()
    Enrichment.objects.update(due_at=timezone.now())
    reader.goto("/essays/night-trains/")
    expect(figures).to_contain_text("a moment ago")


def test_nobody_waits_for_a_worker_that_is_gone(reader: Page, shelves: Library) -> None:
    """The browser itself ends the waiting, should even the web server not answer any more."""
    Enrichment.objects.all().delete()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    reader.route("**/fragments/**", hold)
    reader.goto("/essays/night-trains/")
    figures = reader.locator("#fragment-analytics")
    expect(figures.locator(".waiting")).to_be_hidden()
    expect(figures.get_by_text(QUIET)).to_be_visible()
    for route in held:
        route.fulfill(status=204)


def naughty(shelves: Library, texts: list[str], ending: str) -> str:
    """The address of an essay that is made of these texts."""
    whole = shelves.essay
    made = Essay.objects.create(
        service=whole.service,
        stream=whole.stream,
        synced_at=timezone.now(),
        external_id=f"naughty{ending}",
        title="<script>alert('title')</script>",
        author="<img src=x onerror=alert(1)>",
        url="javascript:alert(1)",
        body="\n\n".join(text.replace("\x00", "") for text in texts),
    )
    return f"/essays/id/{made.pk}/"


@pytest.mark.parametrize("ending", [".html", ".md"])
def test_naughty_texts_neither_run_nor_load(reader: Page, shelves: Library, shared_data: Path, ending: str) -> None:
    dialogs: list[Dialog] = []
    asked: list[str] = []

    def note_dialog(dialog: Dialog) -> None:
        dialogs.append(dialog)
        dialog.dismiss()

    def note_request(request: Request) -> None:
        asked.append(request.url)

    reader.on("dialog", note_dialog)
    reader.on("request", note_request)
    reader.goto(naughty(shelves, json.loads((shared_data / "strings" / "blns.json").read_text()), ending))
    expect(reader.get_by_role("heading", level=1).first).to_have_text("<script>alert('title')</script>")
    schemes = reader.locator("a[href]").evaluate_all("links => links.map(link => link.protocol)")
    assert {"http:"} <= set(schemes) <= {"http:", "https:", "mailto:"}
    assert dialogs == []
    assert {url for url in asked if not url.startswith(shelves.deployment.url)} == set()
    expect(reader.locator(".prose")).to_contain_text("subclasses")  # of the last text


def photograph(page: Page, folder: Path, name: str) -> None:
    """Four pictures of the page as it is; it fits the window in all of them."""
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        for width, size in (("desktop", DESKTOP), ("phone", PHONE)):
            page.set_viewport_size(size)
            take_picture(page, folder / f"{name}-{width}-{theme}.png")
            assert page.evaluate(FITS), f"{name} scrolls sideways on a {width}"
    page.set_viewport_size(DESKTOP)


def test_pictures_of_the_pages(reader: Page, pictures: Path, shelves: Library) -> None:
    addresses = {"essay": "/essays/night-trains/"}
    for name, land in zip(("property", "property-located"), Property.objects.order_by("pk"), strict=True):
        addresses[name] = f"/properties/{land.pk}/"
    for name, address in addresses.items():
        reader.goto(address)
        expect(reader.locator(".waiting")).to_have_count(0)
        photograph(reader, pictures, name)


def test_pictures_of_the_pages_in_trouble(reader: Page, pictures: Path, shelves: Library) -> None:
    hours_pass()
    Enrichment.objects.exclude(kind="analytics").delete()
    Service.objects.filter(system="opengraph").update(enabled=False)
    Essay.objects.update(deleted_at=timezone.now())
    shelves.shut_sandbox()
    try:
        reader.goto("/essays/night-trains/")
        expect(reader.locator("#fragment-analytics")).to_have_class("fragment analytics over")
        expect(reader.get_by_text("Connect Link previews")).to_be_visible()
        photograph(reader, pictures, "essay-in-trouble")
        reader.goto(f"/properties/{Property.objects.order_by('pk')[0].pk}/")
        expect(reader.locator(".waiting")).to_have_count(0)
        photograph(reader, pictures, "property-in-trouble")
    finally:
        shelves.open_sandbox()
        Service.objects.filter(system="opengraph").update(enabled=True)
        Essay.objects.update(deleted_at=None)
