"""Lists are drawn as Unfold draws them, in less time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin import site
from django.forms import widgets
from django.test import Client
from unfold.admin import ModelAdmin
from unfold.templatetags import unfold_list

from console.apps import once_for_each_list
from integrations.admin.base import ConsoleAdmin
from integrations.models import Call, Service
from tests.admin.asking import page, said
from tests.test_latency import call


@pytest.fixture
def rows(cms: Service) -> list[Call]:
    return Call.objects.bulk_create([call(cms, timedelta(seconds=number)) for number in range(20)])


def test_a_box_is_that_of_unfold(browser: Client, rows: list[Call], monkeypatch: pytest.MonkeyPatch) -> None:
    def boxes() -> list[str]:
        html = said(browser, page(Call, "changelist"))
        return [part.partition(">")[0] for part in html.split("<input") if "_selected_action" in part]

    ours = boxes()
    assert len(ours) == len(rows)
    monkeypatch.setattr(ConsoleAdmin, "action_checkbox", ModelAdmin.action_checkbox)
    assert boxes() == ours


def test_no_widget_is_drawn_for_each_row(browser: Client, rows: list[Call], monkeypatch: pytest.MonkeyPatch) -> None:
    drawn, render = [], widgets.Widget.render

    def counted(widget: Any, name: str, *given: Any, **more: Any) -> Any:
        drawn.append(name)
        return render(widget, name, *given, **more)

    monkeypatch.setattr(widgets.Widget, "render", counted)
    said(browser, page(Call, "changelist"))
    assert len(drawn) < len(rows)


def test_headers_are_made_once_for_each_list() -> None:
    made: list[Any] = []

    class Changes:
        pass

    def headers(changes: Any) -> Any:
        made.append(changes)
        yield from ("one", "two")

    first, second, once = Changes(), Changes(), once_for_each_list(headers)
    assert [once(first), once(first), once(second)] == [["one", "two"]] * 3
    assert made == [first, second]
    assert unfold_list.result_headers.__module__ == "console.apps"


def test_a_code_is_said_in_its_words() -> None:
    labels = dict(Call._meta.get_field("code").flatchoices)
    assert {code: Call(code=code).get_code_display() for code in labels} == labels
    assert Call(code="of_an_older_version").get_code_display() == "of_an_older_version"


def test_a_list_has_no_sections_that_each_row_would_look_for() -> None:
    assert all(admin.list_sections == () for admin in site._registry.values() if isinstance(admin, ConsoleAdmin))
