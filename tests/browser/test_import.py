"""A file of services: what it would do is looked at, then it is done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from integrations.models import Service
from tests.browser.conftest import Console
from tests.browser.test_axe import findings


@pytest.fixture
def name(console: Console) -> Iterator[str]:
    """Of the articles, and it is theirs again at the end."""
    name = console.articles.name
    yield name
    Service.objects.filter(slug="articles").update(name=name)


def test_services_are_exported_changed_and_imported(page: Page, console: Console, name: str, tmp_path: Path) -> None:
    page.goto("/admin/integrations/service/")
    page.get_by_role("link", name="Export").first.click()
    page.locator("select[name=format]").select_option("csv")
    with page.expect_download() as started:
        page.get_by_role("button", name="Export services").click()
    path = tmp_path / "services.csv"
    started.value.save_as(path)
    path.write_text(path.read_text().replace(name, "Articles of another name"))
    page.goto("/admin/integrations/service/")
    page.get_by_role("link", name="Import").first.click()
    page.set_input_files("input[type=file]", path)
    page.get_by_role("button", name="Show what it would do").click()
    expect(page.locator(".c-step")).to_have_count(1)
    expect(page.locator(".c-step")).to_contain_text(f"{name} → Articles of another name")
    assert findings(page, "what an import would do") == []
    assert console.articles.name == name
    page.get_by_role("button", name="Change 1 service").click()
    expect(page.get_by_text("Services changed: 1.")).to_be_visible()
    assert console.articles.name == "Articles of another name"
