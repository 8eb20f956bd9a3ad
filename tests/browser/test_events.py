"""Deliveries as an operator sees them: they appear, are looked into, searched, replayed one by one and all together."""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from integrations import credentials
from integrations.models import Attempt, BulkOperation, Service, WebhookEvent
from integrations.text import storable
from tests.browser.conftest import SECRET, Console
from tests.browser.deliveries import deliver_push
from tests.browser.steps import dialog, figure, is_same_page, panel, press, remember_page
from tests.browser.test_pictures import photograph

LIST = "/admin/integrations/webhookevent/"
PAYLOAD = {
    "ref": "refs/heads/main",
    "commits": [{"id": "a1", "message": "First"}],
    "repository": {"full_name": "acme/site", "private": False, "stars": 12},
}


@pytest.fixture
def github(console: Console) -> Service:
    service = Service.objects.get(slug="github")
    credentials.store(service, "webhook_secret", SECRET)
    return service


def push(console: Console, **more: object) -> None:
    deliver_push(console.deployment.url, SECRET, json.dumps({**PAYLOAD, **more}).encode())


def dead(service: Service, number: int) -> list[WebhookEvent]:
    """Given up, of a type of their own."""
    body = json.dumps(PAYLOAD).encode()
    headers = {"x-github-event": "push", "content-type": "application/json"}
    return [
        WebhookEvent.objects.create(
            service=service,
            delivery_id=f"id:{uuid.uuid4()}",
            event_type="push",
            state="dead",
            body=body,
            headers=headers,
            parsed=PAYLOAD,
            failure_message="The handler failed: ZeroDivisionError: division by zero",
        )
        for _ in range(number)
    ]


def test_a_delivery_appears_in_the_list_without_a_reload(page: Page, console: Console, github: Service) -> None:
    WebhookEvent.objects.all().delete()
    page.goto(LIST)
    expect(page.get_by_text("Nothing here yet")).to_be_visible()
    remember_page(page)
    push(console)
    expect(page.locator("#result_list")).to_contain_text("pushed 1 commit to main of acme/site")
    push(console, number=2)
    expect(page.locator("#result_list tbody a[href*='/change/']")).to_have_count(2)
    assert is_same_page(page)
    boxes = page.locator("#result_list input.action-select")
    boxes.first.check()
    push(console, number=3)
    page.wait_for_timeout(4000)
    expect(boxes).to_have_count(2)
    expect(boxes.first).to_be_checked()


def test_an_event_is_looked_into_and_replayed_with_a_reason(
    page: Page, console: Console, event: WebhookEvent, pictures: Path
) -> None:
    page.goto(event.get_absolute_url())
    tree = page.locator(".c-tree")
    expect(tree).to_contain_text("Codertocat/Hello-World")
    page.locator(".c-branch > summary").first.click()
    expect(tree.get_by_text("Codertocat/Hello-World").first).not_to_be_visible()
    page.locator(".c-branch > summary").first.click()
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("Download as it came")).click()
    assert download.value.path().read_bytes() == bytes(event.body)
    page.get_by_role("link", name="Replay").first.click()
    dialog(page).get_by_label("Reason").fill("To see whether it works.")
    dialog(page).get_by_role("button", name="Replay").click()
    expect(page.get_by_text("Will be processed again").first).to_be_visible()
    expect(panel(page)).to_contain_text("A person: admin")
    expect(panel(page)).to_contain_text("To see whether it works.")
    expect(figure(page, "Replayed")).to_have_text("1 time")
    expect(figure(page, "Attempts")).to_have_text("2")
    photograph(page, pictures, "event-replayed")


def test_all_that_match_are_replayed_after_what_it_comes_to_was_said(
    page: Page, github: Service, pictures: Path
) -> None:
    WebhookEvent.objects.all().delete()
    dead(github, 12)
    address = f"{LIST}?state__exact=dead&q=repository.full_name%3Dacme/site"
    page.goto(address)
    photograph(page, pictures, "events")
    dead(github, 108)
    page.goto(address)
    expect(page.locator(".c-badge", has_text="99+")).to_be_visible()
    page.get_by_role("link", name="Replay all").first.click()
    expect(dialog(page)).to_contain_text("120 events")
    expect(dialog(page)).to_contain_text("state=dead search=repository.full_name=acme/site")
    dialog(page).get_by_label("Reason").fill("The handler was mended.")
    page.screenshot(path=pictures / "replay-all-dialog.png")
    dialog(page).get_by_role("button", name="Replay all").click()
    page.wait_for_url("**/bulkoperation/**")
    expect(figure(page, "Done")).to_have_text("120 of 120", timeout=60_000)
    photograph(page, pictures, "bulk")
    operation = BulkOperation.objects.latest("pk")
    assert operation.done == 120
    page.wait_for_timeout(500)
    assert set(Attempt.objects.values_list("reason", flat=True)) <= {"The handler was mended."}


def test_processing_is_paused_at_the_service_and_resumed(
    page: Page, console: Console, github: Service, pictures: Path
) -> None:
    page.goto(github.get_absolute_url())
    press(page, "Pause processing")
    expect(panel(page)).to_contain_text("has been paused by admin")
    photograph(page, pictures, "service-paused")
    push(console, number=str(uuid.uuid4()))
    held = WebhookEvent.objects.latest("received_at")
    page.goto(held.get_absolute_url())
    expect(panel(page)).to_contain_text("It goes on by itself once somebody resumes it")
    photograph(page, pictures, "event-held")
    page.goto(github.get_absolute_url())
    press(page, "Resume processing")
    expect(page.get_by_text("is resumed").first).to_be_visible()
    page.goto(held.get_absolute_url())
    expect(panel(page)).to_contain_text("Processed")


def test_naughty_strings_are_shown_and_none_of_them_does_anything(
    page: Page, github: Service, shared_data: Path
) -> None:
    """The watch over this window fails the test for any error; here for anything that was scripted."""
    WebhookEvent.objects.all().delete()
    strings = [storable(text) for text in json.loads((shared_data / "strings" / "blns.json").read_text())]
    page.add_init_script(
        "window.alert = window.confirm = window.prompt = () => { document.title = 'scripted'; window.scripted = true; }"
    )
    made = []
    for number in range(0, len(strings), 25):
        some = strings[number : number + 25]
        made.append(
            WebhookEvent.objects.create(
                service=github,
                delivery_id=f"id:{number}{some[0]}"[:255],
                event_type=some[-1][:100],
                state="dead",
                headers={f"x-{place}{text}"[:200]: text for place, text in enumerate(some)},
                body=json.dumps({f"{place}{text}": text for place, text in enumerate(some)}).encode(),
                summary=" ".join(some)[:500],
                failure_message="\n".join(some),
                reason=some[0][:300],
            )
        )
        Attempt.objects.create(event=made[-1], number=1, message="\n".join(some), actor_name=some[0][:150])
    for address in (LIST, *(event.get_absolute_url() for event in made)):
        page.goto(address)
        assert not page.evaluate("window.scripted === true"), address
        for tab in page.locator("a[href^='#']", has_text=re.compile("^(Headers|Trail)$")).all():
            tab.click()
    for text in strings[::20]:
        page.goto(LIST)
        page.locator("#searchbar").fill(text.replace("\n", " "))
        page.locator("#searchbar").press("Enter")
        expect(page.locator("#changelist")).to_be_visible()
        assert not page.evaluate("window.scripted === true"), text
