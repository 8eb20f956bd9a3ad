"""Pages of long lists: every row once, whatever comes and goes meanwhile, along an index, without a count."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import chain
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import Failure, Schedule

from integrations.admin import keyset
from integrations.admin.base import LogAdmin
from integrations.models import Call, Incident, Service
from tests.admin.asking import hrefs, page, registered, said
from tests.recorded import recorded
from tests.test_patience import ENDLESS

LONG = [model for model in registered() if isinstance(admin.site._registry[model], LogAdmin)]
SHORT = {Incident, Failure, Schedule}  # few by their nature, or kept few by the queue
LINK = re.compile(r'rel="(prev|next)" href="(\?[^"]*)"')


@pytest.fixture(autouse=True)
def few_on_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin.site._registry[Call], "list_per_page", 3)


@pytest.fixture
def calls(cms: Service) -> list[Call]:
    """Ten, the newest first; several began in the same moment."""
    now = timezone.now()
    made = [recorded(cms, outcome="ok", code="ok", started_at=now - timedelta(hours=n // 4)) for n in range(10)]
    return sorted(made, key=lambda call: (call.started_at, call.pk), reverse=True)


def shown(html: str) -> list[int]:
    return list(dict.fromkeys(int(pk) for pk in re.findall(r'href="/admin/integrations/call/(\d+)/change/', html)))


def links(html: str) -> dict[str, dict[str, str]]:
    return {rel: dict(parse_qsl(link[1:].replace("&amp;", "&"))) for rel, link in LINK.findall(html)}


def walked(browser: Client, way: str, **query: str) -> list[list[int]]:
    """The rows of each page from one on, as far as links lead."""
    pages = []
    while True:
        html = said(browser, page(Call, "changelist", **query))
        pages.append(shown(html))
        if way not in links(html):
            return pages
        query = links(html)[way]


def test_links_lead_over_every_row_once_and_back(browser: Client, calls: list[Call]) -> None:
    keys = [call.pk for call in calls]
    there = [keys[:3], keys[3:6], keys[6:9], keys[9:]]
    assert walked(browser, "next") == there
    last = {"p": f"{calls[8].started_at.isoformat()}~{keys[8]}"}
    assert walked(browser, "prev", **last) == there[::-1]


def test_the_way_back_ends_at_a_full_first_page(browser: Client, calls: list[Call]) -> None:
    second = {"p": f"-{calls[1].started_at.isoformat()}~{calls[1].pk}"}
    html = said(browser, page(Call, "changelist", **second))
    assert shown(html) == [call.pk for call in calls[:3]]
    assert set(links(html)) == {"next"}


def test_rows_that_come_and_go_move_no_other_to_another_page(browser: Client, calls: list[Call], cms: Service) -> None:
    following = links(said(browser, page(Call, "changelist")))["next"]
    recorded(cms, outcome="ok", code="ok")
    Call.objects.filter(pk=calls[2].pk).delete()  # the one whose place stands in the link
    assert shown(said(browser, page(Call, "changelist", **following))) == [call.pk for call in calls[3:6]]


def test_the_links_keep_filters_and_order(browser: Client, calls: list[Call]) -> None:
    pages = walked(browser, "next", o="1", outcome__exact="ok")
    assert list(chain.from_iterable(pages)) == [call.pk for call in calls][::-1]
    html = said(browser, page(Call, "changelist", o="1", outcome__exact="ok"))
    assert {"o": "1", "outcome__exact": "ok"}.items() <= links(html)["next"].items()
    assert walked(browser, "next", outcome__exact="failed") == [[]]


def test_a_moment_is_a_place(browser: Client, calls: list[Call]) -> None:
    moment = (calls[0].started_at - timedelta(minutes=30)).isoformat()
    assert shown(said(browser, page(Call, "changelist", p=moment))) == [call.pk for call in calls[4:7]]


def test_beyond_the_end_there_is_a_way_to_the_beginning(browser: Client, calls: list[Call]) -> None:
    html = said(browser, page(Call, "changelist", p="2001-01-01", outcome__exact="ok"))
    assert "No row lies beyond this place" in html
    assert "?outcome__exact=ok" in hrefs(html)


def test_a_search_that_takes_too_long_is_given_up_with_advice(
    browser: Client, calls: list[Call], monkeypatch: pytest.MonkeyPatch
) -> None:
    def looks_for_ever(*_: Any, **__: Any) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(ENDLESS[connection.vendor])
        return []

    monkeypatch.setattr(keyset, "PATIENCE_S", 0.05)
    monkeypatch.setattr(keyset.KeysetList, "_rows", looks_for_ever)
    html = said(browser, page(Call, "changelist", q="nowhere"))
    assert "No page of rows was found within 3 seconds" in html
    assert "There may be rows that fit" in html
    assert "No row fits" not in html


def test_a_column_without_an_index_is_neither_offered_nor_sorted_by(browser: Client, calls: list[Call]) -> None:
    made: Any = admin.site._registry[Call]
    column = list(made.list_display).index("took") + 1  # the first one holds what is chosen
    offered = hrefs(said(browser, page(Call, "changelist")))
    assert "?o=1" in offered
    assert f"?o={column}" not in offered
    with CaptureQueriesContext(connection) as queries:
        html = said(browser, page(Call, "changelist", o=str(column)))
    assert shown(html) == [call.pk for call in calls[:3]]
    assert not [
        query for query in queries.captured_queries if 'ORDER BY "integrations_call"."duration_ms"' in query["sql"]
    ]


@pytest.mark.parametrize("model", [each for each in LONG if each not in SHORT], ids=lambda model: model.__name__)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite plans without looking at how many rows there are")
def test_no_page_of_a_long_list_is_sorted(rf: Any, root: Any, model: type[Model]) -> None:
    made: Any = admin.site._registry[model]
    for order in ["", *(f"{way}{n}" for n in range(len(made.list_display) + 1) for way in ("", "-"))]:
        request = rf.get(page(model, "changelist"), {"o": order})
        request.user, request.resolver_match = root, None
        listed = made.get_changelist_instance(request)
        for rows in (listed.queryset, listed.queryset.reverse()):
            plan = rows.values_list("pk")[:50].explain()
            assert "USE TEMP B-TREE FOR ORDER BY" not in plan, (order, plan)
