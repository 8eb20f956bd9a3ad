"""Who uses a screen reader or the keyboard alone: axe finds nothing serious, and every verb is reached and seen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it has no types
from django.urls import reverse
from playwright.sync_api import Page, expect

from integrations.models import Call, Incident, RefusedDelivery, SyncRun, WebhookEvent
from tests.browser.conftest import Console
from tests.browser.deliveries import deliver_push
from tests.browser.steps import DESKTOP, PHONE, switch_to
from tests.flows.processes import seconds_until

SERIOUS = {"serious", "critical"}
LISTENS = "document.documentElement._x_dataStack"  # Alpine has begun: the theme is switched from then on
IS_STILL = "document.getAnimations().every(each => each.playState !== 'running')"
DRAWN = "[...document.querySelectorAll('canvas.live-chart')].every(each => Chart.getChart(each))"
FOCUSED = "(() => { const style = getComputedStyle(document.activeElement); return [document.activeElement.id, style.outlineStyle]; })()"
MOST_TABS = 120


@pytest.fixture
def incident(console: Console) -> Iterator[Incident]:
    """One that nobody has taken up."""
    row = Incident.objects.create(service=console.articles, kind="credentials", code="x", message="It cannot be read.")
    yield row
    row.delete()


@pytest.fixture
def refused(console: Console, event: WebhookEvent, shared_data: Path) -> Iterator[RefusedDelivery]:
    """A delivery with a wrong signature; after one that was right, so that there is a secret."""
    body = (shared_data / "github-webhooks" / "push-0.json").read_bytes()
    with pytest.raises(HTTPError, match="400"):
        deliver_push(console.deployment.url, "not the secret", body)
    seconds_until(RefusedDelivery.objects.exists, 10, "the delivery is refused")
    row = RefusedDelivery.objects.latest("pk")
    yield row
    row.delete()


def findings(page: Page, name: str) -> list[str]:
    """What axe calls serious or critical, in both themes and widths."""
    page.wait_for_function(LISTENS)
    found = []
    for theme in ("light", "dark"):
        switch_to(page, theme)
        for size in (DESKTOP, PHONE):
            page.set_viewport_size(size)
            page.wait_for_function(DRAWN)
            page.wait_for_function(IS_STILL)
            serious = (each for each in Axe().run(page).response["violations"] if each["impact"] in SERIOUS)
            found += [f"{name}, {theme}, {size['width']}: {each['id']} {_where(each)}" for each in serious]
    page.set_viewport_size(DESKTOP)
    return found


def _where(violation: dict[str, Any]) -> str:
    return "; ".join(node["html"][:120] for node in violation["nodes"][:3])


def test_axe_finds_nothing_serious_on_pages_of_every_day(
    page: Page, console: Console, synced: SyncRun, incident: Incident
) -> None:
    addresses = {
        "landing": "/admin/",
        "console": "/admin/console/",
        "latency": "/admin/latency/",
        "trail": reverse("trail", args=[synced.correlation_id]),
        "incident": incident.get_absolute_url(),
        "service": console.articles.get_absolute_url(),
        "calls": "/admin/integrations/call/",
        "export": "/admin/integrations/call/export/",
        "call": Call.objects.filter(operation="list_articles").latest("pk").get_absolute_url(),
        "run": synced.get_absolute_url(),
        "exports": "/admin/integrations/export/",
        "export form": "/admin/integrations/call/export/",
        "import": "/admin/integrations/service/import/",
    }
    found = []
    for name, address in addresses.items():
        page.goto(address)
        found += findings(page, name)
    assert not found, "\n".join(found)


def test_axe_finds_nothing_serious_on_pages_of_deliveries(
    page: Page, event: WebhookEvent, refused: RefusedDelivery
) -> None:
    found = []
    for name, row in {"event": event, "refused delivery": refused}.items():
        page.goto(reverse(f"admin:integrations_{row._meta.model_name}_change", args=[row.pk]))
        found += findings(page, name)
    assert not found, "\n".join(found)


def test_every_verb_of_the_landing_page_is_reached_with_the_keyboard_and_seen(
    page: Page, synced: SyncRun, incident: Incident
) -> None:
    page.goto("/admin/")
    verbs = {each.get_attribute("id") for each in page.locator("#dashboard-live .c-verbs .c-button").all()}
    assert len(verbs) >= 5
    seen: dict[str, str] = {}
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        name, outline = page.evaluate(FOCUSED)
        seen[name] = outline
    assert {name: seen.get(str(name)) for name in verbs} == dict.fromkeys(verbs, "solid")


def test_the_palette_opens_what_it_found_first(page: Page, console: Console, synced: SyncRun) -> None:
    page.goto("/admin/")
    page.wait_for_function(LISTENS)
    page.keyboard.press("Control+k")
    field = page.locator("#search-input-command")
    expect(field).to_be_focused()
    field.press_sequentially(f"run {synced.pk}")
    expect(page.locator("#command-results-list li.active")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{synced.get_absolute_url()}")
