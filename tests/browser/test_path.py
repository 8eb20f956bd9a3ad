"""The path a newcomer clicks, from the sign-in to a delivery that is processed twice."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from integrations.models import Call, Essay, Service, Stream, SyncRun
from tests.browser.conftest import SECRET, Console
from tests.browser.deliveries import deliver_push
from tests.browser.forgetting import forget_calls
from tests.browser.steps import (
    COLOURED,
    LIGHT_LINE,
    card,
    dialog,
    figure,
    is_same_page,
    panel,
    press,
    remember_page,
    sign_in,
)
from tests.flows.deployment import PASSWORD

DURATIONS = re.compile(r"p95 [\d.]+ m?s · p50 [\d.]+ m?s")


@pytest.fixture
def nothing_synced(console: Console) -> None:
    """As on the first day, whatever other tests did."""
    forget_calls()
    Essay.objects.all().delete()
    SyncRun.objects.all().delete()
    Stream.objects.update(watermark=None, last_full_at=None)


def test_syncs_and_watches_the_run_to_its_end(window: Page, console: Console, nothing_synced: None) -> None:
    page = window
    console.relay.hold_from(100)
    sign_in(page, "admin", PASSWORD)
    expect(page.locator(".c-service")).to_have_count(2)

    page.get_by_role("link", name="Articles (demonstration)").click()
    page.get_by_role("link", name="Sync now").click()
    expect(dialog(page)).to_contain_text("Reads every enabled stream of this service to its end")
    dialog(page).get_by_role("button", name="Sync now").click()
    page.get_by_text("Started:").get_by_role("link", name=re.compile(r"Run \d+ of")).click()

    remember_page(page)
    expect(figure(page, "Read")).to_have_text("115 of 240")
    expect(panel(page)).to_contain_text("Running")
    console.relay.hold_from(160)
    expect(figure(page, "Created")).to_have_text("172")
    console.relay.release()
    expect(panel(page)).to_contain_text("Succeeded")
    expect(figure(page, "Created")).to_have_text("240")
    expect(panel(page).locator(".c-calls li", has_text="list_articles")).to_have_count(10)
    assert is_same_page(page)


def test_the_dashboard_shows_what_was_called(page: Page, synced: SyncRun) -> None:
    page.goto("/admin/")
    articles = card(page, "Articles")
    sent = Call.objects.filter(service__slug="articles").exclude(outcome="not_sent").exclude(cache__in=("hit", "stale"))
    assert sent.count() >= 12
    # Calls go on meanwhile, and the card is drawn anew every few seconds: one of its numbers must be the true one.
    number, until = articles.locator("dd").first, time.monotonic() + 30
    while number.inner_text() != str(sent.count()) and time.monotonic() < until:
        page.wait_for_timeout(500)
    expect(number).to_have_text(str(sent.count()))
    expect(articles.locator(".c-service-line")).to_have_text(DURATIONS)
    expect(articles).to_contain_text("Succeeded")
    articles.get_by_role("link", name="Latency of Articles").click()
    assert page.locator("canvas").first.evaluate(COLOURED, LIGHT_LINE) > 3


def test_checks_a_service_from_the_list(page: Page) -> None:
    page.goto("/admin/integrations/service/")
    row = page.locator("tbody tr", has_text="GitHub (demonstration)").first
    row.get_by_text("more_horiz").click()
    press(page, "Check now")
    page.wait_for_url("**/admin/integrations/service/")
    page.get_by_text("Started:").get_by_role("link", name=re.compile(r"Check \d+ of GitHub")).click()
    expect(panel(page)).to_contain_text("Healthy")
    expect(panel(page)).to_contain_text("calls left until")
    expect(panel(page).locator("tr", has_text="rate_limit")).to_have_count(1)


def test_a_delivery_is_looked_at_and_replayed(page: Page, console: Console, shared_data: Path) -> None:
    github = Service.objects.get(slug="github")
    page.goto(github.get_absolute_url())
    page.locator("a", has_text="Credentials").click()
    page.get_by_label("Webhook secret", exact=True).fill(SECRET)
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/admin/integrations/service/")
    body = (shared_data / "github-webhooks" / "push-0.json").read_bytes()
    deliver_push(console.deployment.url, SECRET, body)

    page.goto("/admin/integrations/webhookevent/")
    page.locator("tbody").get_by_role("link").first.click()
    expect(panel(page)).to_contain_text("pushed")
    expect(panel(page)).to_contain_text("Processed")
    expect(page.locator("pre", has_text='"repository"')).to_be_visible()
    page.locator("a", has_text="Headers").click()
    expect(page.locator("pre", has_text="x-hub-signature-256: sha256=")).to_be_visible()
    press(page, "Replay")
    expect(figure(page, "Attempts")).to_have_text("2")
    expect(panel(page).locator(".c-story li").nth(1)).to_contain_text("admin")
