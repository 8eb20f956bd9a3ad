"""Geocoding from the list of properties: what is said before, what is started, and what the pages show of it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from integrations import ops, systems
from integrations.models import GeocodeBatch, Property, Service, Stream
from integrations.systems.geocoding.places import OSM_ATTRIBUTION
from tests.admin.asking import messages_of, page, said
from tests.systems.contract import service_of
from tests.test_geocoding import HALL, HOUSE, NOWHERE, property_at
from tests.worker import work_off

AsPerson = Callable[[User], Client]
LIST = "/admin/integrations/property/"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client(operator: User, as_person: AsPerson) -> Client:
    """The operator, signed in."""
    return as_person(operator)


@pytest.fixture
def parcels(db: None, sandbox_url: str) -> Stream:
    return service_of(systems.get("tax_assessor"), sandbox_url).streams.get(name="parcels")


@pytest.fixture
def geocoder(db: None, sandbox_url: str) -> Service:
    return service_of(systems.get("geocoding"), sandbox_url)


def choose(client: Client, *rows: Property, **more: str) -> Any:
    """Tick these in the list and pick the action."""
    return client.post(LIST, {"action": "geocode_chosen", "_selected_action": [row.pk for row in rows], **more})


def test_the_dialog_says_how_much_it_is_and_how_long_it_takes(
    client: Client, parcels: Stream, geocoder: Service
) -> None:
    for number in range(130):
        property_at(parcels, f"{number} Long Street")
    html = " ".join(said(client, page(Property, "geocode_missing")).split())
    assert "<strong>Geocoding</strong>: 130 properties, 130 calls, at least 2 min at its limits." in html


def test_a_press_starts_a_batch_and_leads_to_it(client: Client, parcels: Stream, geocoder: Service) -> None:
    house, nowhere = property_at(parcels, *HOUSE), property_at(parcels, *NOWHERE)
    response = client.post(page(Property, "geocode_missing"), {"_form_submitted": "on", "service": geocoder.pk})
    batch = GeocodeBatch.objects.get()
    assert response.headers["HX-Redirect"] == batch.get_absolute_url()
    live = page(GeocodeBatch, "live", batch.pk)
    assert "2 s left" in said(client, batch.get_absolute_url())
    assert client.get(live).status_code == 200
    work_off()
    ended = client.get(live)
    assert ended.status_code == 286
    assert "all properties without coordinates, asked for by operator" in ended.content.decode()
    shown = said(client, house.get_absolute_url())
    assert "38.897700, -77.036553</a> from" in shown
    assert f'href="{geocoder.get_absolute_url()}"' in shown
    assert OSM_ATTRIBUTION in shown
    assert "Not found by" in said(client, nowhere.get_absolute_url())
    assert "2 of 2" in said(client, page(GeocodeBatch, "changelist"))


def test_coordinates_of_the_source_are_told_as_such(client: Client, parcels: Stream) -> None:
    own = property_at(parcels, *HALL, latitude=Decimal(1), longitude=Decimal(2))
    assert "from its source" in said(client, own.get_absolute_url())
    assert "Nobody knows yet." in said(client, property_at(parcels, *HALL).get_absolute_url())


def test_the_chosen_are_asked_for_after_a_page_that_says_how_many_they_are(
    client: Client, parcels: Stream, geocoder: Service
) -> None:
    house, hall, left = property_at(parcels, *HOUSE), property_at(parcels, *HALL), property_at(parcels, *NOWHERE)
    own = property_at(parcels, *HALL, latitude=Decimal(1), longitude=Decimal(2))
    asked = choose(client, house, hall, own)
    html = " ".join(asked.content.decode().split())
    assert "the 3 chosen properties are" in html
    assert "<strong>Geocoding</strong>: 2 properties, 2 calls" in html
    assert not GeocodeBatch.objects.exists()
    confirmed = choose(client, house, hall, own, confirmed="yes", service=str(geocoder.pk))
    batch = GeocodeBatch.objects.get()
    assert (confirmed.status_code, confirmed.headers["Location"]) == (302, batch.get_absolute_url())
    assert (batch.chosen, batch.total) == ([house.pk, hall.pk, own.pk], 2)
    left.refresh_from_db()
    assert left.geocoded_at is None
    assert "chosen properties" in said(client, batch.get_absolute_url())


def test_without_a_geocoder_both_say_what_to_do(client: Client, parcels: Stream) -> None:
    row = property_at(parcels, *HOUSE)
    sentence = "There is no geocoder. Add a service of the system Geocoding first."
    assert sentence in said(client, page(Property, "geocode_missing"))
    assert sentence in client.post(page(Property, "geocode_missing"), {"_form_submitted": "on"}).content.decode()
    assert sentence in choose(client, row, confirmed="yes").content.decode()
    assert not GeocodeBatch.objects.exists()


def test_what_is_impossible_is_said_at_the_list(client: Client, parcels: Stream, geocoder: Service) -> None:
    row = property_at(parcels, *HOUSE)
    ops.geocode(geocoder)
    response = choose(client, row, confirmed="yes")
    assert (response.status_code, response.headers["Location"]) == (302, LIST)
    assert "is geocoding already" in messages_of(response)[-1]


def test_a_batch_is_cancelled_on_its_page(client: Client, parcels: Stream, geocoder: Service) -> None:
    property_at(parcels, *HOUSE)
    batch = ops.geocode(geocoder)
    response = client.post(page(GeocodeBatch, "cancel", batch.pk), {"_form_submitted": "on"})
    assert messages_of(response)[-1].startswith("Stopped: ")
    html = said(client, batch.get_absolute_url())
    assert "Cancelled by operator." in html
    again = client.post(page(GeocodeBatch, "cancel", batch.pk), {"_form_submitted": "on"})
    assert messages_of(again)[-1] == "It has ended already."


def test_a_failed_batch_says_what_to_do(client: Client, geocoder: Service) -> None:
    batch = GeocodeBatch.objects.create(
        service=geocoder, state="failed", total=3, found=1, failure_message="Down.", finished_at=timezone.now()
    )
    assert "What was found stays; start again for the rest." in said(client, batch.get_absolute_url())


@pytest.mark.parametrize("who", ["viewer", "stranger"])
def test_those_who_may_not_are_offered_nothing_and_refused(
    request: pytest.FixtureRequest, as_person: AsPerson, parcels: Stream, geocoder: Service, who: str
) -> None:
    client, row = as_person(request.getfixturevalue(who)), property_at(parcels, *HOUSE)
    listed = client.get(LIST).content.decode()
    assert "geocode_chosen" not in listed
    assert page(Property, "geocode_missing") not in listed
    address = page(Property, "geocode_missing")
    assert (client.get(address).status_code, client.post(address, {"_form_submitted": "on"}).status_code) == (403, 403)
    choose(client, row, confirmed="yes")
    assert not GeocodeBatch.objects.exists()
    batch = GeocodeBatch.objects.create(service=geocoder, total=1)
    assert client.post(page(GeocodeBatch, "cancel", batch.pk), {"_form_submitted": "on"}).status_code == 403
