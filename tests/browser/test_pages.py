"""What a page does when something is in the way: no permission, no session, no mouse, no remote."""

from __future__ import annotations

import re

from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.urls import reverse
from playwright.sync_api import Page, expect

from integrations.models import Service, SyncRun
from tests.browser.conftest import Console
from tests.browser.steps import (
    COLOURED,
    DARK_LINE,
    PHONE,
    dialog,
    figure,
    message,
    panel,
    press,
    sign_in,
    switch_to,
)
from tests.flows.deployment import PASSWORD

BACKGROUND = "element => getComputedStyle(element).backgroundColor"
VERBS = {
    "service": ("sync_now", "check_now", "close_circuit", "hold_circuit_open", "purge_cache"),
    "call": ("call_again",),
    "syncrun": ("retry",),
    "webhookevent": ("replay",),
}


def test_a_second_sync_says_that_one_is_under_way(page: Page, console: Console, held_run: SyncRun) -> None:
    page.goto(console.articles.get_absolute_url())
    press(page, "Sync now")
    message(page, "is already being synced. Wait for that run to end.")
    assert SyncRun.objects.filter(pk__gt=held_run.pk).count() == 0


def test_the_verbs_are_reached_on_a_phone(page: Page, console: Console) -> None:
    page.set_viewport_size(PHONE)
    page.goto(console.articles.get_absolute_url())
    menu = page.locator("#header-inner").get_by_text("more_horiz")
    menu.click()
    page.get_by_role("link", name="Check now").click()
    dialog(page).get_by_text("Cancel").click()
    expect(dialog(page)).to_be_hidden()
    menu.click()
    press(page, "Check now")
    message(page, "Started:")


def test_an_expired_session_ends_on_the_login_page_and_leads_back(
    window: Page, console: Console, held_run: SyncRun
) -> None:
    page = window
    sign_in(page, "admin", PASSWORD)
    page.goto(held_run.get_absolute_url())
    expect(figure(page, "Read")).to_have_text("115 of 240")
    (key,) = [each["value"] for each in page.context.cookies() if each["name"] == "console_session"]
    Session.objects.filter(session_key=key).delete()
    page.wait_for_url(f"**/admin/login/?next={held_run.get_absolute_url().replace('/', '%2F')}")
    expect(page.get_by_label("Password")).to_have_count(1)
    expect(panel(page)).to_have_count(0)
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(panel(page)).to_contain_text("Running")


def test_a_viewer_sees_no_verbs_and_may_not_post_them(
    window: Page, console: Console, viewer: User, synced: SyncRun
) -> None:
    page = window
    sign_in(page, viewer.username, PASSWORD)
    for row in (console.articles, synced):
        page.goto(row.get_absolute_url())
        expect(panel(page)).to_be_visible()
        for verb in ("Sync now", "Check now", "Retry", "Save"):
            expect(page.get_by_role("link", name=verb)).to_have_count(0)
            expect(page.get_by_role("button", name=verb)).to_have_count(0)
    page.goto("/admin/integrations/service/")
    expect(page.locator("tbody").get_by_text("more_horiz")).to_have_count(0)
    tokens = [each["value"] for each in page.context.cookies() if each["name"] == "csrftoken"]
    for model, verbs in VERBS.items():
        for verb in verbs:
            address = reverse(f"admin:integrations_{model}_{verb}", args=["1"])
            answer = page.request.post(address, headers={"X-CSRFToken": tokens[0]})
            assert answer.status == 403, address


def test_the_dark_theme_is_chosen_and_kept(page: Page, synced: SyncRun) -> None:
    page.goto("/admin/")
    light = page.locator(".c-services").evaluate(BACKGROUND)
    for theme in ("light", "dark"):  # from what the system prefers to the opposite
        switch_to(page, theme)
    page.reload()
    expect(page.locator("html")).to_have_class("dark")
    dark = page.locator(".c-services").evaluate(BACKGROUND)
    assert dark != light == "rgb(255, 255, 255)"
    page.goto("/admin/latency/")
    assert page.locator("canvas").first.evaluate(COLOURED, DARK_LINE) > 3


def test_a_dialog_is_answered_with_the_keyboard(page: Page, console: Console) -> None:
    page.goto(console.articles.get_absolute_url())
    opener = page.get_by_role("link", name="Check now")
    opener.focus()
    page.keyboard.press("Enter")
    button = dialog(page).get_by_role("button", name="Check now")
    expect(button).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    expect(button).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog(page)).to_be_hidden()
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    message(page, "Started:")


def test_a_service_that_is_down_says_what_to_do(page: Page, unreachable: Service) -> None:
    page.goto(unreachable.get_absolute_url())
    press(page, "Check now")
    expect(panel(page)).to_contain_text("The last check failed. Another one decides")
    press(page, "Check now")
    expect(panel(page)).to_contain_text("Unhealthy")
    expect(panel(page)).to_contain_text("Check host and port in the base URL")
    page.goto("/admin/")
    told = page.locator(".c-need", has_text="Health check fails").filter(has_text="GitHub")
    expect(told).to_contain_text("Check host and port in the base URL")
    page.goto("/admin/integrations/incident/")
    expect(page.locator("#result_list")).to_contain_text("GitHub (demonstration)")
    page.goto("/admin/integrations/healthcheck/")
    expect(page.locator("tbody tr").first).to_contain_text(re.compile("Unhealthy"))
