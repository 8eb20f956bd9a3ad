"""The page of a call: copied as a command, made again, and how it looks."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from integrations.models import CachedAnswer, Call, CallRepeat, Service, ServiceState
from tests.browser.calls import Calls, made_at
from tests.browser.conftest import Console
from tests.browser.steps import message, panel, press
from tests.browser.test_pictures import photograph


@pytest.fixture
def calls(console: Console) -> Calls:
    return made_at(console.articles)


@pytest.fixture
def broken(console: Console) -> Iterator[Service]:
    """A service whose circuit is open, with everything its page can tell of traffic."""
    service, now = console.articles, timezone.now()
    state = ServiceState.objects.filter(service=service)
    before = state.values().get()
    state.update(
        circuit="open",
        circuit_since=now - timedelta(minutes=7),
        circuit_probe_at=now + timedelta(minutes=10),
        circuit_reason="10 calls in a row failed.",
        quota_left=4987,
        quota_limit=5000,
        quota_reset_at=now + timedelta(minutes=23),
        quota_seen_at=now,
        limited_until=now + timedelta(seconds=90),
        unrecorded_calls=3,
    )
    for number in range(3):
        usable = now + timedelta(hours=1)  # or the upkeep of each minute throws it away
        CachedAnswer.objects.create(service=service, key=str(number), operation="x", stored_at=now, usable_until=usable)
    yield service
    CachedAnswer.objects.filter(service=service).delete()
    state.update(**before)


def test_a_call_is_copied_as_a_command_that_runs(page: Page, calls: Calls) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(calls.wrote.get_absolute_url())
    page.get_by_role("button", name="Copy as curl").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator("#curl").text_content()
    words = shlex.split(copied)
    assert words[0] == "curl"
    assert '{"title": "It\'s new", "token": "[redacted]"}' in words
    expect(page.get_by_role("button", name="Copy as curl")).to_be_visible()


def test_where_the_browser_gives_no_clipboard_the_old_way_works(page: Page, calls: Calls) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.goto(calls.fine.get_absolute_url())
    page.get_by_role("button", name="Copy as curl").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()


def test_a_call_is_made_again_and_its_page_follows(page: Page, calls: Calls) -> None:
    page.goto(calls.fine.get_absolute_url())
    press(page, "Call again")
    message(page, "Started:")
    expect(panel(page)).to_contain_text("Succeeded")
    panel(page).get_by_role("link", name="GET list_articles 200").click()
    made = Call.objects.get(correlation_id=calls.fine.correlation_id, chain=Call.objects.latest("pk").chain)
    page.wait_for_url(f"**{made.get_absolute_url()}")
    assert made.url == calls.fine.url
    assert CallRepeat.objects.get(call=calls.fine).state == CallRepeat.State.SUCCEEDED


def test_what_writes_is_not_made_again(page: Page, calls: Calls) -> None:
    page.goto(calls.wrote.get_absolute_url())
    expect(panel(page)).to_contain_text("create_article")
    expect(page.get_by_role("link", name="Call again")).to_have_count(0)


def test_an_open_circuit_is_closed(page: Page, broken: Service) -> None:
    page.goto(broken.get_absolute_url())
    expect(panel(page)).to_contain_text("10 calls in a row failed.")
    press(page, "Close circuit")
    message(page, "is closed: calls are let through.")
    expect(page.get_by_role("link", name="Close circuit")).to_have_count(0)
    expect(page.get_by_role("link", name="Hold circuit open")).to_have_count(1)
    page.get_by_role("link", name="Purge cache").first.click()
    expect(page.locator("#modal-content")).to_contain_text("3 answers are thrown away.")
    page.locator("#modal-content").get_by_role("button", name="Purge cache").click()
    message(page, "3 cached answers of")


def test_pictures_of_calls(page: Page, pictures: Path, calls: Calls) -> None:
    for name in ("fine", "failed", "wrote", "cached"):
        page.goto(getattr(calls, name).get_absolute_url())
        expect(page.locator(".c-waterfall")).to_have_count(int(name != "cached"))
        photograph(page, pictures, f"call-{name}")
    page.goto("/admin/integrations/call/")
    photograph(page, pictures, "call-list")
    page.get_by_text("Filters").first.click()
    page.screenshot(path=pictures / "call-list-filters.png")


def test_pictures_of_a_broken_circuit(page: Page, pictures: Path, broken: Service) -> None:
    for name, address in {
        "circuit-service": broken.get_absolute_url(),
        "circuit-services": "/admin/integrations/service/",
        "circuit-dashboard": "/admin/",
    }.items():
        page.goto(address)
        photograph(page, pictures, name)
    page.goto(broken.get_absolute_url())
    for tab in ("Limits", "Bodies", "TLS"):
        page.locator("nav a", has_text=re.compile(f"^\\s*{tab}\\s*$")).click()
        photograph(page, pictures, f"tab-{tab.lower()}")
