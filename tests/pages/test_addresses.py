"""Every essay has an address, and nonsense has none."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from integrations.models import Essay, Service
from tests.admin.asking import said
from tests.pages.showing import words

pytestmark = pytest.mark.django_db

MakeEssay = Callable[..., Essay]


def test_the_latest_of_a_slug_wins_and_others_keep_an_address(
    make_essay: MakeEssay, github: Service, reader: Client
) -> None:
    service = Service.objects.create(slug="other", name="Other", system="cms", base_url="http://127.0.0.1:9/")
    first, second = make_essay(body="<p>first</p>"), make_essay(body="<p>second</p>", service=service)
    gone = make_essay(body="<p>gone</p>", deleted_at=timezone.now())
    assert "second" in said(reader, "/essays/night-trains/")
    assert "first" in said(reader, "/essays/night-trains/?service=cms")
    assert reader.get("/essays/night-trains/?service=github").status_code == 404
    assert "first" in said(reader, f"/essays/id/{first.pk}/")
    assert reader.get(f"/essays/id/{second.pk}/").headers["Location"] == "/essays/night-trains/"
    html = said(reader, f"/essays/id/{gone.pk}/")
    assert "Gone from its source since" in words(html)


@pytest.mark.parametrize(
    "slug", ["", "a/b", ".", "..", "äö ü", "a?b#c", "id", "%2e", "x" * 255, "<script>", "\\\\evil.example"]
)
def test_every_essay_has_an_address(make_essay: MakeEssay, reader: Client, slug: str) -> None:
    row = make_essay(slug=slug, body="<p>found</p>")
    response = reader.get(f"/essays/id/{row.pk}/", follow=True)
    assert response.status_code == 200
    assert "found" in response.content.decode()
    assert all(target.startswith("/essays/") for target, _status in response.redirect_chain)


@pytest.mark.parametrize(
    "path",
    [
        "/essays/nothing-of-the-kind/",
        "/essays/%00/",
        "/essays/night-trains/?service=%00",
        "/essays/id/99/",
        "/essays/id/99999999999999999999999999/",
        "/properties/99999999999999999999999999/",
        "/fragments/analytics/99999999999999999999999999/",
        "/fragments/analytics/99/",
        "/fragments/abacus/1/",
        "/essays/id/1/cover/",
    ],
)
def test_what_does_not_exist_says_so(essay: Essay, reader: Client, path: str) -> None:
    assert reader.get(path).status_code == 404
