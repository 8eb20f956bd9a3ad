"""Who sees which page at which address, from our own tables alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from integrations import ops
from integrations.models import Call, Enrichment, Essay, MediaAttachment, Property
from tests.admin.asking import page, said, strict, tables
from tests.admin.hostile import MARK
from tests.admin.population import populate
from tests.conftest import MakePerson
from tests.media.files import picture
from tests.pages.conftest import Connect
from tests.pages.showing import address, settled, words
from tests.worker import queued, work_off

pytestmark = pytest.mark.django_db

MakeEssay = Callable[..., Essay]
SignIn = Callable[[User], Client]
PEOPLE = ("viewer", "operator", "manager")
SYSTEMS = ("analytics", "opengraph", "tax_assessor", "geocoding")


@pytest.fixture
def addresses(essay: Essay, land: Property) -> list[str]:
    return [
        reverse("essay", args=[essay.slug]),
        reverse("property", args=[land.pk]),
        address("analytics", essay),
        address("preview", essay),
        address("assessment", land),
        address("place", land),
    ]


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root")


@pytest.mark.parametrize("role", PEOPLE)
def test_every_role_sees_the_pages(addresses: list[str], person: MakePerson, as_person: SignIn, role: str) -> None:
    client = as_person(person(role, role.capitalize()))
    assert [client.get(each).status_code for each in addresses] == [200] * 6


def test_a_stranger_is_told_that_there_is_no_such_page(
    addresses: list[str], essay: Essay, stranger: User, as_person: SignIn
) -> None:
    client = as_person(stranger)
    by_id = [reverse("essay_by_id", args=[essay.pk]), reverse("essay_cover", args=[essay.pk])]
    assert [client.get(each).status_code for each in addresses + by_id] == [404] * 8
    assert [client.post(each).status_code for each in addresses[2:]] == [404] * 4
    assert not Enrichment.objects.exists()


def test_who_may_see_essays_alone_sees_no_properties(
    addresses: list[str], person: MakePerson, as_person: SignIn
) -> None:
    user = person("reader")
    user.is_staff = False
    user.save()
    user.user_permissions.set(Permission.objects.filter(codename="view_essay"))
    client = as_person(user)
    assert [client.get(each).status_code for each in addresses] == [200, 404, 200, 200, 404, 404]
    assert "Open in the admin" not in said(client, addresses[0])


def test_who_is_not_signed_in_is_led_to_the_login_and_back(addresses: list[str]) -> None:
    client = Client()
    for each in addresses:
        assert client.get(each).headers["Location"] == f"/admin/login/?next={each}"
    led = client.post(
        addresses[2], headers={"HX-Request": "true", "HX-Current-URL": f"http://testserver{addresses[0]}"}
    )
    assert led.headers["HX-Redirect"] == "/admin/login/?next=%2Fessays%2Fnight-trains%2F"


def test_gets_change_nothing_and_posts_need_their_token(addresses: list[str], connect: Connect, viewer: User) -> None:
    for system in SYSTEMS:
        connect(system)
    client, before = strict(viewer), tables()
    assert {client.get(each).status_code for each in addresses} == {200}
    assert {client.post(each).status_code for each in addresses[2:]} == {403}
    assert {client.put(each).status_code for each in addresses} == {403}
    assert tables() == before


def test_a_page_only_looks_and_its_fragments_only_ask_a_worker(
    addresses: list[str], connect: Connect, reader: Client
) -> None:
    for system in SYSTEMS:
        connect(system)
    for each in addresses[2:]:
        reader.post(each)
    assert {name for name, _ in queued()} == {"integrations.tasks.refresh_enrichment"}
    assert len(queued()) == 4
    assert not Call.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_number_of_queries_is_fixed(
    essay: Essay,
    land: Property,
    connect: Connect,
    reader: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    """Session, person, two of permissions, the row, what is stored of it, which services are connected."""
    for system in SYSTEMS:
        connect(system)
    places = [reverse("essay", args=[essay.slug]), reverse("property", args=[land.pk])]
    for kind, row in (("analytics", essay), ("preview", essay), ("assessment", land), ("place", land)):
        reader.get(address(kind, row))
    for _ in range(2):
        for place in places:
            with django_assert_num_queries(7):
                reader.get(place)
        with django_assert_num_queries(7):
            reader.get(address("analytics", essay))
        settled(reader, "analytics", essay)
        settled(reader, "assessment", land)


@pytest.mark.django_db(transaction=True)
def test_a_page_shows_what_is_stored_without_any_script(essay: Essay, connect: Connect, reader: Client) -> None:
    connect("analytics")
    connect("opengraph")
    settled(reader, "preview", essay)
    html = said(reader, "/essays/night-trains/")
    assert "Night trains & their timetables" in words(html)
    assert html.count('hx-trigger="load,') == 1, "only what is not fresh is asked for"
    assert "They leave at ten." in words(html)
    assert "5 January 2026" in words(html)


def test_rows_by_people_who_mean_harm_are_text(root: User, as_person: SignIn) -> None:
    populate()
    client = as_person(root)
    rows = [*Essay.objects.all(), *Property.objects.all()]
    assert len(rows) >= 4
    for row in rows:
        html = said(
            client, reverse("essay_by_id" if isinstance(row, Essay) else "property", args=[row.pk]), follow=True
        )
        assert MARK not in html
        assert "<script>alert" not in html
        assert "onerror=alert(1)>" not in html


def test_an_essay_without_an_address_has_no_fragments(make_essay: MakeEssay, connect: Connect, reader: Client) -> None:
    connect("analytics")
    connect("opengraph")
    for url in ("", "javascript:alert(1)", "data:text/html,x", "//", "http://user@host/"):
        row = make_essay(url=url, slug="odd")
        html = said(reader, reverse("essay_by_id", args=[row.pk]), follow=True)
        assert "fragment" not in html
        assert "alert(1)" not in html
        assert reader.post(address("preview", row)).content == b""


def test_a_property_that_says_where_it_is_asks_nobody(located: Property, connect: Connect, reader: Client) -> None:
    connect("geocoding")
    html = said(reader, reverse("property", args=[located.pk]))
    assert "41.88380° N, 87.63187° W" in words(html)
    assert "mlat=41.883797&amp;mlon=-87.631873" in html
    assert "OpenStreetMap contributors" not in html, "its source is not OpenStreetMap"
    assert reader.post(address("place", located)).content == b""
    assert "township name Lake View" in words(html)


@pytest.mark.django_db(transaction=True)
def test_a_place_of_openstreetmap_names_its_contributors(land: Property, connect: Connect, reader: Client) -> None:
    connect("geocoding")
    assert "© OpenStreetMap contributors" in settled(reader, "place", land)


@pytest.mark.django_db(transaction=True)
def test_what_nobody_knows_is_an_answer_too(
    make_land: Callable[..., Property], connect: Connect, reader: Client
) -> None:
    land = make_land(parcel_id="99999999999999", address="Nowhere at all")
    connect("geocoding")
    connect("tax_assessor")
    assert "The geocoder does not know this address." in settled(reader, "place", land)
    assert "The assessor has no assessment of this parcel." in settled(reader, "assessment", land)
    assert Enrichment.objects.filter(state="succeeded").count() == 2


def test_managers_are_told_what_could_be_connected(
    essay: Essay, manager: User, operator: User, as_person: SignIn, connect: Connect
) -> None:
    connect("analytics")
    html = said(as_person(manager), "/essays/night-trains/")
    assert "Connect Link previews" in words(html)
    assert "Connect Page analytics" not in words(html)
    form = said(as_person(manager), reverse("admin:integrations_service_add", query={"system": "opengraph"}))
    assert '<a href="/admin/integrations/service/add/?system=opengraph">' in html
    assert '<option value="opengraph" selected>' in form
    assert "Connect" not in words(said(as_person(operator), "/essays/night-trains/"))


def test_pages_are_kept_by_no_cache_and_hold_no_script_of_their_own(essay: Essay, reader: Client) -> None:
    response = reader.get("/essays/night-trains/")
    assert "no-store" in response.headers["Cache-Control"]
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]
    html = response.content.decode()
    assert html.count("<script") == html.count('<script src="/static/unfold/js/htmx/htmx.js"') == 1
    assert " style=" not in html


@pytest.mark.django_db(transaction=True)
def test_a_cover_is_shown_once_it_is_accepted(essay: Essay, reader: Client, tmp_path: Path) -> None:
    uploaded = MediaAttachment.objects.create(file=ContentFile(picture(), "upload"), alt_text="A train at dawn")
    Essay.objects.update(cover=uploaded)
    cover = reverse("essay_cover", args=[essay.pk])
    assert cover not in said(reader, "/essays/night-trains/")
    assert reader.get(cover).status_code == 404
    ops.validate(uploaded)
    work_off()
    assert f'<img src="{cover}" alt="A train at dawn">' in said(reader, "/essays/night-trains/")
    response = reader.get(cover)
    assert response.headers["Content-Type"] == "image/webp"
    assert response.getvalue().startswith(b"RIFF")


@pytest.mark.django_db(transaction=True)
def test_the_admin_leads_to_the_pages_and_shows_what_is_stored(
    essay: Essay, land: Property, connect: Connect, reader: Client, sandbox_url: str
) -> None:
    for row, place in ((essay, f"/essays/id/{essay.pk}/"), (land, f"/properties/{land.pk}/")):
        link = f'<a href="{place}" class="c-link">Open page</a>'
        assert link in said(reader, page(type(row), "change", row.pk))
        assert link in said(reader, page(type(row), "changelist"))
    connect("analytics")
    Essay.objects.update(url=f"{sandbox_url}/about")
    essay.refresh_from_db()
    assert "page views" not in said(reader, page(Essay, "change", essay.pk))
    settled(reader, "analytics", essay)
    calls = Call.objects.count()
    assert "page views, 40 s on average" in words(said(reader, page(Essay, "change", essay.pk)))
    assert Call.objects.count() == calls
