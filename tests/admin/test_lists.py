"""Lists stay cheap however long the logs grow, and answer every search, filter and date, sensible or not."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import CharField, Model, TextField
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from unfold.contrib.filters.admin import RangeDateTimeFilter

from integrations.models import Change, Essay, HealthCheck, Service
from tests.admin.asking import log_tables, page, registered, said
from tests.admin.population import one_of_each, populate

LARGE = ("body", "headers", "data", "diff", "raw", "payload", "args", "kwargs", "result", "ciphertext")


def span_of_time(model: type[Model]) -> str:
    """The column whose span is asked for; empty where none is."""
    filters = [each for each in admin.site._registry[model].list_filter if isinstance(each, tuple)]
    return next((str(field) for field, kind in filters if kind is RangeDateTimeFilter), "")


DATED = [model for model in registered() if span_of_time(model)]
SEARCHED = [model for model in registered() if admin.site._registry[model].search_fields]


def name(model: type[Model]) -> str:
    return str(model._meta.model_name)


def sent_for_list(browser: Client, model: type[Model]) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        said(browser, page(model, "changelist"))
    return [query["sql"] for query in queries.captured_queries]


@pytest.mark.parametrize("model", registered(), ids=name)
def test_no_list_counts_a_log_or_reads_what_it_does_not_show(browser: Client, model: type[Model]) -> None:
    large = re.compile(rf'"\.("({"|".join(LARGE)})")')
    for statement in sent_for_list(browser, model):
        chosen, _, rest = statement.partition(" FROM ")
        table = rest.split('"')[1] if '"' in rest else ""
        is_of_a_day = '"received_at" >= ' in rest  # what came in each hour: from an index, and no more than a day
        assert not ("COUNT(" in chosen and table in log_tables() and not is_of_a_day), statement
        if table != "django_q_schedule":  # exactly one row
            assert not large.search(chosen), statement


def test_the_filter_of_changes_does_not_read_the_log(browser: Client) -> None:
    one_of_each()
    assert not [statement for statement in sent_for_list(browser, Change) if "DISTINCT" in statement]
    wanted, other = (said(browser, page(Change, "changelist", model=table)) for table in ("Essay", "Record"))
    assert all(change.external_id in wanted for change in Change.objects.all())
    assert "No row fits" in other


def test_no_log_is_read_for_its_dates(browser: Client) -> None:
    """Steps of dates (`date_hierarchy`) would have Django read the day of every row."""
    one_of_each()
    for model in DATED:
        assert not [statement for statement in sent_for_list(browser, model) if "DISTINCT" in statement], model


@pytest.mark.parametrize("model", SEARCHED, ids=name)
def test_each_search_field_finds_its_row(browser: Client, model: type[Model]) -> None:
    one_of_each()
    searched = 0
    for field in admin.site._registry[model].search_fields:
        path = field.removesuffix("__exact")
        for pk, value in model._default_manager.values_list("pk", path)[:3]:
            if value:
                searched += 1
                html = said(browser, page(model, "changelist", q=value if path != field else value[:40]))
                assert page(model, "change", pk) in html, (field, value)
    assert searched


@pytest.mark.parametrize("words", ["x" * 5000, "\"'", "<x-mark>", "%_\\ 👩‍👧 ﷽"])
def test_a_search_for_junk_finds_nothing_and_breaks_nothing(browser: Client, words: str) -> None:
    for model in SEARCHED:
        html = said(browser, page(model, "changelist", q=words))
        assert "<x-mark>" not in html


def test_a_search_for_what_no_database_takes_is_answered_where_names_are_completed(
    browser: Client, cms: Service
) -> None:
    asked = {"app_label": "integrations", "model_name": "stream", "field_name": "service", "term": "\x00"}
    assert browser.get("/admin/autocomplete/", asked).json()["results"] == []


def answered(browser: Client, address: str) -> str:
    """The list, or the list again with Django's note that the address made no sense."""
    response = browser.get(address)
    if response.status_code == 302:
        assert response.headers["Location"].endswith("?e=1"), address
        return "nonsense"
    assert response.status_code == 200, address
    return str(response.content.decode())


def parameters(model: type[Model]) -> list[str]:
    """Of every filter of the list, and of every column that is no text."""
    made: Any = admin.site._registry[model]
    filters = [
        each if isinstance(each, str) else getattr(each, "parameter_name", None) or each[0] for each in made.list_filter
    ]
    columns = [field.name for field in model._meta.concrete_fields if not isinstance(field, (CharField, TextField))]
    return [each + ending for each in filters for ending in ("__exact", "__id__exact")] + columns


@pytest.mark.parametrize(
    "model", [model for model in registered() if model._meta.app_label == "integrations"], ids=name
)
def test_junk_in_the_address_of_a_list_is_answered(browser: Client, model: type[Model]) -> None:
    address = page(model, "changelist")
    for parameter in parameters(model):
        answered(browser, f"{address}?{parameter}=99999999999999999999")
    for query in (
        "p=abc",
        "p=-1",
        "p=99999999999999999999",
        "o=99",
        "o=a",
        "bogus=1",
        "%00=1",
        "items=1",
        "body=abc",
        "q=%00",
        "id=%00",
        "service=%00",
        "_to_field=id",
        "all=",
    ):
        answered(browser, f"{address}?{query}")


@pytest.mark.parametrize("model", DATED, ids=name)
def test_a_span_of_time_leads_to_its_rows(browser: Client, model: type[Model]) -> None:
    one_of_each()
    field = span_of_time(model)
    pk, moment = model._default_manager.values_list("pk", field)[0]
    day = timezone.localtime(moment).date()
    for begin, is_there in ((day, True), (day + timedelta(days=1), False)):
        span = {f"{field}_from_0": f"{begin}", f"{field}_from_1": "00:00:00"}
        assert (page(model, "change", pk) in said(browser, page(model, "changelist", **span))) is is_there


@pytest.mark.parametrize(
    "date",
    [
        "abc",
        "0",
        "-1",
        "9999",
        "10000",
        "99999999999999999999",
        "\x00",
        "",
        "9999-12",
        "9999-12-31",
        "2024-13",
        "2024-2-30",
        "2024-x",
        "-2",
        "2024--3",
    ],
)
def test_dates_beyond_the_calendar_are_answered(browser: Client, date: str) -> None:
    steps = zip(("created_at__year", "created_at__month", "created_at__day"), date.split("-"), strict=False)
    answered(browser, page(HealthCheck, "changelist", **dict(steps)))


def test_a_range_takes_its_ends_in(browser: Client, cms: Service) -> None:
    check = HealthCheck.objects.create(service=cms, trigger="staff", state="succeeded")
    local = timezone.localtime(check.created_at)
    ends = {"created_at_from_0": f"{local:%Y-%m-%d}", "created_at_from_1": "00:00:00"}
    ends |= {"created_at_to_0": f"{local:%Y-%m-%d}", "created_at_to_1": "23:59:59"}
    assert check.get_absolute_url() in said(browser, page(HealthCheck, "changelist", **ends))
    assert check.get_absolute_url() not in said(
        browser, page(HealthCheck, "changelist", **{**ends, "created_at_to_1": "00:00:00"})
    )


def test_choices_narrow_a_list(browser: Client) -> None:
    populate()
    for state in HealthCheck.State:
        html = said(browser, page(HealthCheck, "changelist", state__exact=state))
        for check in HealthCheck.objects.all():
            assert (check.get_absolute_url() in html) == (check.state == state)
    service = Service.objects.filter(system="github")[0]
    html = said(browser, page(Essay, "changelist", service__id__exact=service.pk))
    assert "No row fits" in html
