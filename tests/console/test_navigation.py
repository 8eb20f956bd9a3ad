"""What stands around each page costs little and shows what this person may see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin import AdminSite
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from console import unfold
from integrations.models import Call
from tests.admin.asking import page, said

AsPerson = Callable[[User], Client]


def places(html: str) -> list[str]:
    bar = html.partition('id="nav-sidebar-apps"')[2].partition("openUserLinks")[0]
    return bar.split('<a href="')[1:]


def links(html: str) -> list[str]:
    return [place.partition('"')[0] for place in places(html)]


def marked(html: str) -> list[str]:
    return [place.partition('"')[0] for place in places(html) if " active" in place.partition(">")[0]]


def test_everything_is_in_the_sidebar_for_those_who_may_do_all(admin_client: Client) -> None:
    places = [place for group in unfold.NAVIGATION for place in group["items"]]
    assert links(said(admin_client, "/admin/")) == [reverse(place["view"]) for place in places]


def test_who_may_see_nothing_finds_the_landing_page_alone(stranger: User, as_person: AsPerson) -> None:
    assert links(said(as_person(stranger), "/admin/")) == [reverse("admin:index")]


def test_who_may_see_calls_finds_them_and_no_users(viewer: User, as_person: AsPerson) -> None:
    found = links(said(as_person(viewer), "/admin/"))
    assert page(Call, "changelist") in found
    assert page(User, "changelist") not in found


@pytest.mark.parametrize("view", ["admin:index", "latency", "vitals", "admin:integrations_call_changelist"])
def test_the_place_where_one_is_is_marked(admin_client: Client, view: str) -> None:
    assert marked(said(admin_client, reverse(view))) == [reverse(view)]


def test_a_page_below_a_list_marks_the_list(admin_client: Client, admin_user: User) -> None:
    html = said(admin_client, page(User, "change", admin_user.pk))
    assert marked(html) == [page(User, "changelist")]


def test_each_place_is_looked_up_once_for_a_page(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: Counter[str] = Counter()

    def counted(view: str) -> str:
        asked[view] += 1
        return reverse(view)

    monkeypatch.setattr(unfold, "reverse", counted)
    said(admin_client, page(Call, "changelist"))
    assert set(asked.values()) == {1}


def test_no_page_makes_a_list_of_all_models_that_it_does_not_show(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    make = AdminSite._build_app_dict

    def counted(site: AdminSite, *given: Any) -> Any:
        made.append(given)
        return make(site, *given)

    monkeypatch.setattr(AdminSite, "_build_app_dict", counted)
    said(admin_client, page(Call, "changelist"))
    assert not made
    assert "Sync runs" in said(admin_client, reverse("admin:app_list", args=["integrations"]))
    assert made
