"""The page of an incident: what it is, what to do, and its story in the order of time."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from integrations.models import Incident, Service
from tests.admin.asking import page, said

HOUR = timedelta(hours=1)


@pytest.fixture
def incident(cms: Service) -> Incident:
    now = timezone.now()
    fields = {"first_at": now - 9 * HOUR, "last_at": now - HOUR, "mailed_at": now - 8 * HOUR}
    return Incident.objects.create(service=cms, kind="sync", code="timeout", message="It hangs.", count=14, **fields)


def shown(browser: Client, incident: Incident) -> str:
    return said(browser, page(Incident, "change", incident.pk))


def test_it_says_what_to_do_and_offers_it(browser: Client, incident: Incident) -> None:
    html = shown(browser, incident)
    assert "It closes by itself when Articles works again." in html
    assert [verb for verb in ("Acknowledge", "Ignore", "Watch again", "Resolve") if f">{verb}</a>" in html] == [
        "Acknowledge",
        "Ignore",
        "Resolve",
    ]


def test_its_story_is_in_the_order_of_time(browser: Client, incident: Incident) -> None:
    Incident.objects.update(decided_at=incident.first_at + HOUR / 2, decided_by="ann", decision="I am at it.")
    story = re.findall(r"<div><strong>(.*?)</strong> (.*?)</div></li>", shown(browser, incident))
    assert story == [("First seen", ""), ("ann", "I am at it."), ("Owner told", ""), ("Last seen", "")]


def test_what_goes_on_is_told_up_to_now_and_what_happened_once_is_told_once(
    browser: Client, incident: Incident
) -> None:
    assert re.search(r"<dt>Going on for</dt><dd>9 h( 0 min)?</dd>", shown(browser, incident))
    Incident.objects.update(count=1)
    assert "Last seen" not in shown(browser, incident)
    Incident.objects.update(state="resolved", resolved_at=incident.first_at + 2 * HOUR)
    assert re.search(r"<dt>Lasted</dt><dd>2 h( 0 min)?</dd>", shown(browser, incident))


@pytest.mark.parametrize(
    ("state", "words"),
    [("ignored", "until somebody presses “Watch again”"), ("resolved", "Nothing: it works again.")],
)
def test_what_needs_nobody_says_so(browser: Client, incident: Incident, state: str, words: str) -> None:
    Incident.objects.update(state=state)
    assert words in shown(browser, incident)


def test_the_runbook_of_the_service_is_what_to_do(browser: Client, incident: Incident) -> None:
    Service.objects.update(runbook_url="https://example.org/runbook")
    assert '<a href="https://example.org/runbook"' in shown(browser, incident)


def test_its_panel_follows_it_until_it_is_resolved(browser: Client, incident: Incident) -> None:
    address = page(Incident, "live", incident.pk)
    assert browser.get(address).status_code == 200
    Incident.objects.update(state="resolved")
    assert browser.get(address).status_code == 286
