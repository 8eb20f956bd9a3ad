"""The page “Latency”: each figure leads to its calls, each view has an address, and who sees it."""

from __future__ import annotations

import csv
import html
import json
import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.models import Call, Service
from integrations.rollups import writing
from tests.admin.asking import said
from tests.admin.population import populate
from tests.test_latency import call

AsPerson = Callable[[User], Client]
PAGE, LIVE = "/admin/latency/", "/admin/latency/live/"
TABLES = ("percentiles", "heat-map", "distribution", "compared", "errors")


@pytest.fixture
def client(viewer: User, as_person: AsPerson) -> Client:
    """The viewer, signed in."""
    return as_person(viewer)


@pytest.fixture
def busy(cms: Service, github: Service) -> list[Call]:
    """Two services, one of them failing now and then, with a call of the cache and a second attempt."""
    rows = [call(cms, timedelta(minutes=10 + number), 100.0 + number) for number in range(20)]
    rows += [call(github, timedelta(minutes=5 * number + 7), 700.0, "failed") for number in range(3)]
    rows += [call(cms, timedelta(minutes=9), 0.2, "ok", "hit")]
    for row in rows[20:23]:
        row.operation, row.code = "find", "timeout"
    rows[21].attempt = 2
    return Call.objects.bulk_create(rows)


def listed(client: Client, address: str) -> int:
    """How many calls the list at that address holds."""
    return len(re.findall(r'<tr[^>]*class="[^"]*group', said(client, html.unescape(address)))) or len(
        set(re.findall(r"/admin/integrations/call/(\d+)/change/", said(client, html.unescape(address))))
    )


def figure(text: str, label: str) -> str:
    """The address behind a figure."""
    found = re.search(rf'<dt>{label}</dt><dd><a href="([^"]+)">', text)
    assert found, label
    return found[1]


@pytest.mark.parametrize("rolled", [False, True])
def test_every_figure_leads_to_the_calls_behind_it(client: Client, busy: list[Call], rolled: bool) -> None:
    if rolled:
        writing.roll_up()
    text = said(client, PAGE)
    for label, count in (("calls", 23), ("errors", 3), ("retries", 1), ("from cache", 1), ("max", 3)):
        assert listed(client, figure(text, label)) == count, label
    assert listed(client, figure(text, "p50")) in {11, 12, 13}
    assert "<dt>errors</dt>" in text
    assert re.search(r'<a class="c-link" href="([^"]+code__exact=timeout[^"]*)">No answer in time</a>', text)


def test_cells_of_the_heat_map_lead_to_their_calls(client: Client, busy: list[Call], github: Service) -> None:
    text = said(client, PAGE, data={"service": github.slug})
    cells = re.findall(r'<a href="([^"]+)"><rect [^>]+><title>([^<]+)</title>', text)
    assert sum(int(title.split(": ")[1].split()[0]) for _address, title in cells) == 3
    for address, title in cells:
        assert listed(client, address) == int(title.split(": ")[1].split()[0])


def test_points_of_the_charts_lead_to_their_calls(client: Client, busy: list[Call], cms: Service) -> None:
    text = said(client, PAGE, data={"service": cms.slug})
    lines, bars = (json.loads(html.unescape(found)) for found in re.findall(r'data-chart="([^"]*)"', text))
    assert len(lines["labels"]) == len(lines["links"]) == len(lines["series"][0]["data"])
    counts = [
        listed(client, link) for link, value in zip(lines["links"], lines["series"][0]["data"], strict=True) if value
    ]
    assert sum(counts) == 20
    assert sum(bars["series"][0]["data"]) == 20
    most = max(range(len(bars["links"])), key=bars["series"][0]["data"].__getitem__)
    assert listed(client, bars["links"][most]) == bars["series"][0]["data"][most]


def test_a_service_shows_its_operations_and_an_outcome_its_calls(
    client: Client, busy: list[Call], github: Service
) -> None:
    text = said(client, PAGE, data={"service": github.slug, "outcome": "failures"})
    assert "operation=find" in text
    assert "<dd><a" in text
    assert "Operations" in text
    assert "No calls were sent" in said(client, PAGE, data={"service": github.slug, "outcome": "ok"})


@pytest.mark.parametrize("rolled", [False, True])
def test_a_service_and_an_operation_have_the_figures_of_their_calls(
    client: Client, busy: list[Call], cms: Service, github: Service, rolled: bool
) -> None:
    if rolled:
        writing.roll_up()
    chosen = [(cms, "", "20"), (github, "", "3"), (github, "find", "3"), (cms, "list", "20")]
    for window in ("24h", "7d", "30d"):
        for service, operation, calls in chosen:
            text = said(client, PAGE, data={"window": window, "service": service.slug, "operation": operation})
            assert re.search(rf"<dt>calls</dt><dd><a [^>]+>{calls}</a>", text), (window, service.slug, operation)
    nothing = {"service": cms.slug, "operation": "find"}
    assert "No calls were sent" in said(client, PAGE, data=nothing)


def test_a_view_has_an_address_that_shows_it_again(client: Client, busy: list[Call], github: Service) -> None:
    query = {"window": "7d", "service": github.slug, "operation": "find", "outcome": "failed"}
    found = re.search(r'hx-get="([^"]+)"', said(client, PAGE, data=query))
    assert found
    asked = {name: values[0] for name, values in parse_qs(urlsplit(html.unescape(found[1])).query).items()}
    assert asked == query


@pytest.mark.parametrize(
    ("first", "last", "seen"),
    [(30, 20, 3), (60, 0, 23), (8, 5, 1), (600, 300, 0)],
    ids=["part", "all", "one", "before"],
)
def test_a_range_that_was_typed_holds_its_calls(client: Client, cms: Service, first: int, last: int, seen: int) -> None:
    now = timezone.localtime()
    ages = [*range(10, 30), 7, 12, 17] if seen != 3 else [25, 27, 29]
    Call.objects.bulk_create([call(cms, timedelta(minutes=age)) for age in ages])
    ends = {
        "from": f"{now - timedelta(minutes=first):%Y-%m-%d %H:%M}",
        "to": f"{now - timedelta(minutes=last):%Y-%m-%d %H:%M}",
    }
    text = said(client, PAGE, data=ends)
    assert listed(client, figure(text, "calls")) == seen if seen else "No calls were sent" in text


@pytest.mark.parametrize(
    "odd",
    [
        {"window": "9y"},
        {"from": "yesterday"},
        {"from": "2026-05-02", "to": "2026-05-01"},
        {"from": "0001-01-01"},
        {"from": "9999-12-31", "to": "9999-12-31"},
        {"service": "none", "operation": "x"},
        {"service": "\x00", "outcome": "<x>"},
    ],
)
def test_nonsense_in_an_address_shows_a_day(client: Client, cms: Service, odd: dict[str, str]) -> None:
    text = said(client, PAGE, data=odd)
    assert 'aria-current="true">24 hours' in text
    assert ("These are no two moments" in text) == ("from" in odd)


def test_what_is_shown_can_be_had_as_csv(client: Client, busy: list[Call]) -> None:
    tables = {}
    for name in TABLES:
        response = client.get(f"/admin/latency/{name}.csv", {"window": "24h"})
        assert response.headers["Content-Type"].startswith("text/csv")
        assert f'filename="{name}.csv"' in response.headers["Content-Disposition"]
        tables[name] = list(csv.DictReader(response.content.decode().splitlines()))
    for name in ("percentiles", "heat-map", "distribution", "compared"):
        assert sum(int(line["calls"]) for line in tables[name]) == 23, name
    assert tables["errors"] == [{"code": "timeout", "meaning": "No answer in time", "calls": "3", "percent": "13.043"}]
    assert client.get("/admin/latency/nothing.csv").status_code == 404


def test_the_page_asks_the_same_number_of_questions_however_much_there_is(client: Client) -> None:
    def asked(query: dict[str, str]) -> int:
        with CaptureQueriesContext(connection) as queries:
            said(client, LIVE, data=query)
        return len(queries)

    populate(1)
    writing.roll_up()
    first = Service.objects.order_by("pk")[0].slug
    all_of_them, one = asked({}), asked({"service": first})
    populate(2)
    populate(3)
    writing.roll_up()
    assert (asked({}), asked({"service": first})) == (all_of_them, one)
    assert max(all_of_them, one) <= 20


def test_an_empty_page_says_what_to_do(client: Client, cms: Service) -> None:
    assert "press “Check now” on the page of a service" in said(client, PAGE)
    assert cms.get_absolute_url() in said(client, PAGE, data={"service": cms.slug})
    Call.objects.bulk_create(
        [call(cms, timedelta(minutes=1), 0.1, "not_sent"), call(cms, timedelta(0), 0.1, "ok", "hit")]
    )
    assert "1 came from the cache, 1 were kept back." in said(client, PAGE)


def test_calls_that_are_not_summed_up_yet_are_told(
    client: Client, cms: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    from console import latency

    monkeypatch.setattr(latency, "WORTH_WAITING_FOR", 1)
    Call.objects.bulk_create([call(cms, timedelta(days=1)) for _ in range(5)])
    assert "are not summed up yet" in said(client, PAGE)
    writing.roll_up()
    assert "are not summed up yet" not in said(client, PAGE)


def test_those_who_may_see_calls_see_the_page(
    viewer: User, operator: User, manager: User, stranger: User, as_person: AsPerson, cms: Service
) -> None:
    addresses = (PAGE, LIVE, "/admin/latency/percentiles.csv")
    for person in (viewer, operator, manager):
        assert {as_person(person).get(address).status_code for address in addresses} == {200}
        assert f'href="{PAGE}"' in said(as_person(person), "/admin/")
    assert {as_person(stranger).get(address).status_code for address in addresses} == {403}
    assert f'href="{PAGE}"' not in said(as_person(stranger), "/admin/")
    assert {Client().get(address).status_code for address in addresses} == {302}


def test_a_service_leads_to_its_latency(client: Client, cms: Service) -> None:
    assert f'href="{PAGE}?service={cms.slug}"' in said(client, cms.get_absolute_url())
