"""Settings are tried on the page on which they are typed: refused, corrected, good, saved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Locator, Page, expect

from integrations import sandbox
from integrations.models import Service, Trial
from tests.browser.conftest import Console
from tests.browser.forgetting import forget
from tests.browser.steps import is_same_page, remember_page
from tests.browser.test_pictures import photograph


def result(page: Page) -> Locator:
    """Where a trial says what came of it."""
    return page.locator("#trial")


def tab(page: Page, name: str) -> None:
    """Open a tab of the form."""
    page.locator("a", has_text=name).first.click()


@pytest.fixture
def museum(console: Console) -> Iterator[Service]:
    """A CMS beside those of the first start."""
    yield (
        service := Service.objects.create(
            slug="museum-trial", name="Museum", system="cms", base_url=console.articles.base_url, check_every_minutes=0
        )
    )
    forget(service)


@pytest.fixture
def town_hall(console: Console, sandbox_url: str) -> Iterator[Service]:
    """A FileMaker whose account and layout are still to be entered."""
    account = sandbox.account("filemaker", sandbox_url)
    options = {**account.options, "layout": ""}
    yield (
        service := Service.objects.create(
            slug="town-hall",
            name="Town hall",
            system="filemaker",
            base_url=account.base_url,
            options=options,
            check_every_minutes=0,
        )
    )
    forget(service)


def test_an_option_is_tried_corrected_tried_and_saved(page: Page, museum: Service, pictures: Path) -> None:
    page.goto(museum.get_absolute_url())
    remember_page(page)
    tab(page, "Options")
    path = page.get_by_label("Path of the list")
    path.fill("/api/v1/nothing/")
    page.get_by_role("button", name="Test connection").click()
    expect(result(page)).to_contain_text("It answered 404")
    photograph(page, pictures, "trial-failed")
    path.fill("/api/v2/pages/")
    page.get_by_label("Page size").fill("5")
    page.get_by_role("button", name="Test connection").focus()
    page.keyboard.press("Enter")
    expect(result(page)).to_contain_text("The service answers. 240 articles.")
    page.get_by_role("button", name="Try “Articles”").click()
    expect(result(page)).to_contain_text("The first page has 5 items. The service says there are 240 in all.")
    expect(result(page)).to_contain_text("source_modified_at")
    photograph(page, pictures, "trial-page")
    assert is_same_page(page)
    assert Service.objects.get(pk=museum.pk).options == {}
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/admin/integrations/service/")
    assert Service.objects.get(pk=museum.pk).options == {"page_size": 5}


def test_what_is_wrong_in_a_closed_tab_is_said_beside_the_button(page: Page, museum: Service) -> None:
    page.goto(museum.get_absolute_url())
    tab(page, "Options")
    page.get_by_label("Page size").fill("0")
    tab(page, "People")
    page.get_by_role("button", name="Test connection").click()
    expect(result(page)).to_contain_text("Page size: Ensure this value is greater than or equal to 1.")
    assert not Trial.objects.filter(service=museum).exists()


def test_a_layout_is_looked_up_and_chosen(page: Page, town_hall: Service, pictures: Path) -> None:
    page.goto(town_hall.get_absolute_url())
    tab(page, "Credentials")
    page.get_by_label("Password", exact=True).fill(sandbox.account("filemaker", "").secrets["password"])
    tab(page, "Options")
    page.get_by_role("button", name="Look up").click()
    expect(page.locator("#found-layout")).to_contain_text("Found 3")
    found = page.get_by_label("Found 3")
    found.select_option("Parcels & Owners")
    expect(page.locator("#id_option__layout")).to_have_value("Parcels & Owners")
    photograph(page, pictures, "trial-lookup")
    page.get_by_role("button", name="Test connection").click()
    expect(result(page)).to_contain_text("120 records on the layout “Parcels & Owners”.")


def test_what_would_fit_is_filled_in(page: Page, museum: Service, pictures: Path) -> None:
    suggestions = {"items_path": "results", "title_path": "results[0].heading"}
    findings = [
        {"path": "results", "holds": "list of 20 objects", "example": ""},
        {"path": "results[0].heading", "holds": "text", "example": "The harbour opens again"},
    ]
    trial = Trial.objects.create(
        service=museum,
        actor=User.objects.get(username="admin"),
        kind=Trial.Kind.STREAM,
        subject="articles",
        state=Trial.State.FAILED,
        failure_message="There is no list at “items” in the answer.",
        finished_at=museum.created_at,
        settings={"system": "cms"},
        result={"calls": [], "shape": {"findings": findings, "suggestions": suggestions}},
    )
    page.goto(museum.get_absolute_url())
    tab(page, "Options")
    page.evaluate("url => htmx.ajax('GET', url, '#trial')", reverse("admin:integrations_trial_live", args=[trial.pk]))
    page.get_by_text("What the answer looks like").click()
    photograph(page, pictures, "trial-shape")
    page.get_by_role("listitem").filter(has_text="Title: results").get_by_role("button", name="Fill in").click()
    expect(page.get_by_label("Title")).to_have_value("results[0].heading")


def test_a_service_is_added_with_what_its_system_asks_for(page: Page, console: Console, pictures: Path) -> None:
    page.goto("/admin/integrations/service/add/")
    page.locator("#id_name").press_sequentially("Library trial")
    expect(page.locator("#id_slug")).to_have_value("library-trial")
    page.locator("#id_name").blur()
    photograph(page, pictures, "trial-add-first")
    page.get_by_label("System").select_option("cms")
    page.wait_for_url("**/add/?system=cms&name=Library+trial&slug=library-trial")
    expect(page.locator("#id_name")).to_have_value("Library trial")
    page.get_by_label("Base URL").fill(console.articles.base_url)
    tab(page, "Options")
    page.get_by_label("Page size").fill("3")
    page.get_by_role("button", name="Try “Articles”").click()
    expect(result(page)).to_contain_text("The first page has 3 items")
    photograph(page, pictures, "trial-add")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("The service is added. Press “Check now”.")).to_be_visible()
    service = Service.objects.get(slug="library-trial")
    assert service.options == {"page_size": 3}
    forget(service)
