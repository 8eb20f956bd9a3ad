"""Doors that are closed on every page."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path, reverse
from pytest_django import Settings

from console.middleware import CONTENT_SECURITY_POLICY
from integrations.webhooks import view

POLICY = "Content-Security-Policy"
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/admin/integrations/syncrun/7/change/?tab=calls"}


def unknown(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("Something new that nobody thought about.")


def strict(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(headers={POLICY: "sandbox"})


urlpatterns = [
    path("unknown/", unknown),
    path("strict/", strict),
    path("hooks/<slug:slug>/", view.receive, name="hook"),
    path("admin/", admin.site.urls),
]


@pytest.fixture(autouse=True)
def _new_pages(db: None, settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__


@pytest.mark.parametrize("address", ["/admin/login/", "/admin/", "/nowhere/", "/hooks/none/", "/unknown/"])
def test_every_answer_carries_the_policy(client: Client, address: str) -> None:
    assert client.get(address).headers[POLICY] == CONTENT_SECURITY_POLICY


def test_the_policy_lets_no_foreign_or_inline_script_run() -> None:
    script = next(part for part in CONTENT_SECURITY_POLICY.split("; ") if part.startswith("script-src"))
    assert script == "script-src 'self' 'unsafe-eval'"


def test_a_stricter_policy_of_a_page_stays(client: Client, stranger: User) -> None:
    client.force_login(stranger)
    assert client.get("/strict/").headers[POLICY] == "sandbox"


def test_a_page_that_nobody_thought_about_needs_a_login(client: Client, stranger: User) -> None:
    answer = client.get("/unknown/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/login/?next=/unknown/")
    client.force_login(stranger)
    assert client.get("/unknown/").status_code == 200


@pytest.mark.parametrize("address", ["/unknown/", "/admin/"])
def test_a_fragment_without_a_session_sends_the_whole_page_to_the_login(client: Client, address: str) -> None:
    answer = client.get(address, headers=HTMX)
    assert answer.status_code == 200
    assert answer.content == b""
    expected = "/admin/login/?next=%2Fadmin%2Fintegrations%2Fsyncrun%2F7%2Fchange%2F"
    assert answer.headers["HX-Redirect"] == expected


@pytest.mark.parametrize("page", ["", "javascript:alert(1)", "https://evil.example/admin/", "//evil.example/x"])
def test_the_way_back_stays_in_the_console(client: Client, page: str) -> None:
    answer = client.get("/unknown/", headers={**HTMX, "HX-Current-URL": page})
    back = answer.headers["HX-Redirect"]
    assert back.startswith(f"{reverse('admin:login')}?next=")
    assert "evil.example" not in back


def test_a_fragment_with_a_session_is_left_alone(client: Client, stranger: User) -> None:
    client.force_login(stranger)
    answer = client.get("/unknown/", headers=HTMX)
    assert "HX-Redirect" not in answer.headers
    assert answer.content
