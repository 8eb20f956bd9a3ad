"""The filters of the call log: each finds what it says, and what is rare is found by an index."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.utils import timezone

from integrations.models import Call, Service
from tests.admin.asking import page, said
from tests.recorded import recorded

OK, FAILED = {"outcome": "ok", "code": "ok"}, {"outcome": "failed", "code": "server_error"}
REJECTED, NO_ANSWER = {"outcome": "rejected", "code": "not_found"}, {"outcome": "failed", "code": "timeout"}


@pytest.fixture
def calls(cms: Service, github: Service) -> dict[str, Call]:
    """One of each kind, by name."""
    return {
        "fine": recorded(cms, **OK, status=200, duration_ms=50.0),
        "created": recorded(github, **OK, status=201, duration_ms=150.0, operation="create_thing", trigger="webhook"),
        "unmodified": recorded(cms, **OK, status=304, duration_ms=999.9),
        "missing": recorded(cms, **REJECTED, status=404, duration_ms=1000.0, trigger="check"),
        "broken": recorded(cms, **FAILED, status=503, duration_ms=5000.0, trigger="staff"),
        "silent": recorded(
            cms, **NO_ANSWER, status=None, duration_ms=20_000.0, started_at=timezone.now() - timedelta(days=2)
        ),
    }


def found(browser: Client, calls: dict[str, Call], **query: str) -> set[str]:
    html = said(browser, page(Call, "changelist", **query))
    return {name for name, call in calls.items() if call.get_absolute_url() in html}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"outcome__exact": "ok"}, "fine created unmodified"),
        ({"outcome__exact": "failed"}, "broken silent"),
        ({"outcome__exact": "rejected"}, "missing"),
        ({"code__exact": "timeout"}, "silent"),
        ({"code__exact": "ok"}, "fine created unmodified"),
        ({"status_class": "2xx"}, "fine created"),
        ({"status_class": "3xx"}, "unmodified"),
        ({"status_class": "4xx"}, "missing"),
        ({"status_class": "5xx"}, "broken"),
        ({"status_class": "none"}, "silent"),
        ({"slower": "100"}, "created unmodified missing broken silent"),
        ({"slower": "1000"}, "missing broken silent"),
        ({"slower": "5000"}, "broken silent"),
        ({"slower": "20000"}, "silent"),
        ({"trigger__exact": "sync"}, "fine unmodified silent"),
        ({"trigger__exact": "staff"}, "broken"),
        ({"operation__icontains": "CREATE"}, "created"),
        ({"outcome__exact": "", "status_class": "", "slower": "", "trigger__exact": ""}, "all"),
        ({"outcome__exact": "failed", "slower": "20000", "trigger__exact": "sync"}, "silent"),
        ({"outcome__exact": "a word of tomorrow"}, ""),
    ],
)
def test_a_filter_finds_its_calls(browser: Client, calls: dict[str, Call], query: dict[str, str], names: str) -> None:
    assert found(browser, calls, **query) == (set(calls) if names == "all" else set(names.split()))


def test_a_service_has_its_calls(browser: Client, calls: dict[str, Call], github: Service) -> None:
    assert found(browser, calls, service__id__exact=str(github.pk)) == {"created"}


def test_a_range_of_time_has_its_calls(browser: Client, calls: dict[str, Call]) -> None:
    day = timezone.localtime() - timedelta(days=2)
    ends = {
        f"started_at_{end}_{part}": text
        for end, time in (("from", "00:00:00"), ("to", "23:59:59"))
        for part, text in ((0, f"{day:%Y-%m-%d}"), (1, time))
    }
    assert found(browser, calls, **ends) == {"silent"}


@pytest.mark.parametrize("query", [{"status_class": "9xx"}, {"slower": "1"}, {"slower": "<x>"}, {"slower": "1000.0"}])
def test_a_filter_that_is_not_offered_makes_no_sense(browser: Client, db: None, query: dict[str, str]) -> None:
    assert browser.get(page(Call, "changelist", **query)).headers["Location"].endswith("?e=1")


def plan(rf: Any, root: Any, query: dict[str, str]) -> str:
    """How the database would read the list, were the table too large to be read whole."""
    request = rf.get(page(Call, "changelist"), query)
    request.user, request.resolver_match = root, None
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
    made: Any = admin.site._registry[Call]
    rows = made.get_changelist_instance(request).queryset
    return str(rows.values_list("pk")[:50].explain())


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ({}, "call_newest"),
        ({"outcome__exact": "failed"}, "call_by_outcome"),
        ({"code__exact": "timeout"}, "call_by_code"),
        ({"status_class": "4xx"}, "call_failed"),
        ({"status_class": "5xx"}, "call_failed"),
        ({"status_class": "none"}, "call_failed"),
        ({"slower": "1000"}, "call_slow"),
        ({"slower": "5000"}, "call_slow"),
        ({"slower": "20000"}, "call_slow"),
        ({"trigger__exact": "staff"}, "call_by_trigger"),
        ({"trigger__exact": "webhook"}, "call_by_trigger"),
    ],
)
def test_what_is_rare_is_found_by_an_index(
    rf: Any, root: Any, calls: dict[str, Call], query: dict[str, str], index: str
) -> None:
    assert index in plan(rf, root, query)
