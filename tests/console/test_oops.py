"""What stands in place of a page that cannot be shown says so in the console's own words."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

WAY_OUT = '<a href="/admin/">To the dashboard</a>'


def test_an_address_that_leads_nowhere(stranger: User, as_person: Callable[[User], Client]) -> None:
    response = as_person(stranger).get("/essays/no-such-essay/")
    assert response.status_code == 404
    assert "There is no such page" in response.content.decode()
    assert WAY_OUT in response.content.decode()


def test_a_page_that_the_role_does_not_allow(stranger: User, as_person: Callable[[User], Client]) -> None:
    response = as_person(stranger).get(reverse("vitals"))
    assert response.status_code == 403
    assert "Your role does not allow it." in response.content.decode()


def test_a_form_without_its_token(db: None) -> None:
    response = Client(enforce_csrf_checks=True).post(reverse("admin:login"), {"username": "x"})
    assert response.status_code == 403
    assert "Nothing was done. Go back, reload the page" in response.content.decode()


def test_a_mistake_of_the_console(viewer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError

    monkeypatch.setattr("console.vitals.vitals.read", broken)
    client = Client(raise_request_exception=False)
    client.force_login(viewer)
    response = client.get(reverse("vitals"))
    assert response.status_code == 500
    assert "The console made a mistake" in response.content.decode()


@pytest.mark.parametrize("code", ["403", "403_csrf", "404", "500"])
def test_none_needs_anything_but_a_file_of_styles(code: str) -> None:
    assert WAY_OUT in render_to_string(f"{code}.html")
