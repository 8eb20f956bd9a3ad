"""From a long list to a file that a worker makes."""

from __future__ import annotations

import csv
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Page, expect

from integrations.admin import resources
from integrations.models import Call, Export
from tests.browser.conftest import Console
from tests.browser.steps import panel
from tests.test_latency import call

MANY = resources.AT_ONCE + 1


def test_all_pages_of_a_list_become_a_file(page: Page, console: Console, tmp_path: Path) -> None:
    rows = [call(console.articles, timedelta(seconds=number)) for number in range(MANY)]
    for row in rows:
        row.operation = "many"
    Call.objects.bulk_create(rows)
    page.goto("/admin/integrations/call/?operation=many")
    page.locator("#action-toggle").check()
    page.get_by_text("Choose all pages").click()
    expect(page.get_by_text("All that this list shows, on every page")).to_be_visible()
    page.locator("select[name=action]").select_option("export_chosen")
    page.get_by_role("button", name="Run").click()
    page.locator("select[name=format]").select_option("csv")
    page.get_by_role("button", name="Export calls").click()
    expect(page.get_by_text("The file is ready")).to_be_visible()
    with page.expect_download() as started:
        panel(page).get_by_role("link", name="Download").click()
    path = tmp_path / started.value.suggested_filename
    started.value.save_as(path)
    with path.open(newline="") as file:
        assert {row["operation"] for row in csv.DictReader(file)} == {"many"}
    assert Export.objects.latest("pk").done == MANY
    Call.objects.filter(operation="many").delete()
