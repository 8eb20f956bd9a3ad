"""A sync is looked at before it happens, and then done as it was shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from integrations.models import Essay, Stream, SyncRun
from tests.browser.steps import dialog, figure, panel, press
from tests.browser.test_pictures import photograph


def run_of(page: Page) -> SyncRun:
    """The run whose page is shown."""
    found = re.search(r"syncrun/(\d+)/", page.url)
    assert found
    return SyncRun.objects.get(pk=found[1])


@pytest.fixture
def different(synced: SyncRun) -> Stream:
    """One essay here is missing, one reads otherwise, and one is not at the source any more."""
    first, second, third = Essay.objects.filter(stream=synced.stream, deleted_at=None).order_by("pk")[:3]
    Essay.objects.filter(pk=second.pk).update(title="What somebody wrote here", content_hash="other")
    first.delete()
    third.pk, third.external_id, third.title = None, "gone at the source", "A farewell"
    third.save()
    return synced.stream


def test_a_preview_is_read_and_its_plan_applied(page: Page, different: Stream, pictures: Path) -> None:
    page.goto(different.get_absolute_url())
    press(page, "Preview sync")
    page.get_by_text("Started:").get_by_role("link", name=re.compile(r"Run \d+ of")).click()
    expect(panel(page)).to_contain_text("Nothing of this has happened")
    expect(figure(page, "Read")).to_have_text("240 of 240")
    expect(panel(page)).to_contain_text("Succeeded")
    for name in ("Would be created", "Would be updated", "Would be gone"):
        expect(figure(page, name)).to_have_text("1")
    expect(panel(page).locator("del", has_text="What somebody wrote here")).to_be_visible()
    assert Essay.objects.filter(title="What somebody wrote here").exists()
    photograph(page, pictures, "plan")

    page.get_by_role("link", name="Apply this plan").first.click()
    expect(dialog(page)).to_contain_text("Would be marked as gone")
    page.screenshot(path=pictures / "plan-dialog.png")
    dialog(page).get_by_role("button", name="Apply this plan").click()
    page.get_by_text("Started:").get_by_role("link", name=re.compile(r"Run \d+ of")).click()
    expect(panel(page)).to_contain_text("Succeeded")
    expect(figure(page, "Gone")).to_have_text("1")
    assert not Essay.objects.filter(title="What somebody wrote here").exists()
    change = run_of(page).changes.get(kind="updated")
    page.goto(f"/admin/integrations/change/{change.pk}/change/")
    expect(page.locator(".c-diff").first).to_be_visible()
    photograph(page, pictures, "change")


def test_a_position_is_set_and_told(page: Page, synced: SyncRun, pictures: Path) -> None:
    page.goto(synced.stream.get_absolute_url())
    _choose(page, "Set position")
    dialog(page).get_by_label("Newest known change").fill("2026-03-01T10:30")
    page.screenshot(path=pictures / "position-dialog.png")
    dialog(page).get_by_role("button", name="Set position").click()
    expect(page.get_by_text("The position of").first).to_be_visible()
    expect(page.locator(".c-list li", has_text="admin, from").first).to_be_visible()
    photograph(page, pictures, "position")
    _choose(page, "Backfill")
    dialog(page).get_by_label("From").fill("2026-03-01")
    dialog(page).get_by_label("To, that day included").fill("2026-03-31")
    page.screenshot(path=pictures / "backfill-dialog.png")
    dialog(page).get_by_role("button", name="Backfill").click()
    page.get_by_text("Started:").get_by_role("link", name=re.compile(r"Run \d+ of")).click()
    expect(panel(page)).to_contain_text("reads what changed from")
    expect(panel(page)).to_contain_text("Succeeded")


def _choose(page: Page, verb: str) -> None:
    """A verb that is used seldom, and so not beside the others."""
    page.locator("a", has_text=re.compile(r"\bMore\b")).first.click()
    page.get_by_role("link", name=verb).first.click()
