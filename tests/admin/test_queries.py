"""Every page asks the database as often for many rows as for few, and never more often than it says here."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver, reverse

from integrations.models import Call, Service
from tests.admin.bounds import MOST
from tests.admin.expectations import EXPECTED, ROOT
from tests.admin.multiply import few, multiply
from tests.admin.test_matrix import address, patterns

# Pages beside the admin site's own.
OURS = {name for name, path in patterns(get_resolver().url_patterns) if name and path.startswith("admin/")}
OURS -= set(EXPECTED)
PAGES = [name for name, page in EXPECTED.items() if page.got == 200 and ROOT in page.gets.split()]


def queries(browser: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        response = browser.get(address)
    assert response.status_code in {200, 286}, address
    return len(captured)


def addresses() -> dict[str, str]:
    """Of the same rows before and after."""
    query = {"service": Service.objects.order_by("pk")[0].slug}  # the latency of one has more to say
    args: dict[str, list[Any]] = {"trail": [Call.objects.all()[0].correlation_id], "latency_csv": ["percentiles"]}
    ours = {name: reverse(name, args=args.get(name), query=query) for name in OURS}
    return {name: address(name, EXPECTED[name]) for name in PAGES} | ours


def test_every_page_has_its_bound() -> None:
    assert set(MOST) == {*PAGES, *OURS}


def test_no_page_asks_more_when_there_is_more(browser: Client) -> None:
    few()
    pages = addresses()
    for each in pages.values():  # the first look fills what a process remembers
        browser.get(each)
    once = {name: queries(browser, each) for name, each in pages.items()}
    multiply()
    assert {name: queries(browser, each) for name, each in pages.items()} == once
    assert {name: number for name, number in once.items() if number > MOST[name]} == {}
