"""Forms that follow what is chosen, and rows that are chosen in a list."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from integrations import sandbox
from integrations.models import Property, Service
from tests.browser.forgetting import forget

KNOWN = "1600 Pennsylvania Avenue NW, Washington"


@pytest.fixture
def house(sandbox_url: str) -> Iterator[Property]:
    """A property without coordinates, and a geocoder that knows its address."""
    account = sandbox.account("geocoding", sandbox_url)
    geocoder = Service.objects.create(
        slug="map", name="Map", system="geocoding", base_url=account.base_url, options=dict(account.options)
    )
    assessor = Service.objects.create(slug="houses", name="Houses", system="tax_assessor", check_every_minutes=0)
    stream = assessor.streams.get()
    known = {"external_id": "1", "content_hash": "0" * 64, "synced_at": timezone.now(), "address": KNOWN}
    yield Property.objects.create(service=assessor, stream=stream, **known)
    forget(geocoder, assessor)


def test_only_what_counts_with_the_choices_is_asked_for(page: Page) -> None:
    page.goto("/admin/integrations/service/add/?system=rest")
    parameter, scope = page.locator("#id_option__offset_name"), page.locator("#id_option__scope")
    expect(parameter).to_be_visible()
    expect(scope).to_be_hidden()
    page.get_by_label("Sign-in").select_option("client_credentials")
    expect(scope).to_be_visible()
    page.get_by_label("Pagination").select_option("link")
    expect(parameter).to_be_hidden()


def test_a_complaint_about_what_does_not_count_is_shown(page: Page) -> None:
    page.goto("/admin/integrations/service/add/?system=rest")
    page.locator("#id_option__first_page").evaluate("field => { field.value = '7' }")
    expect(page.locator("#id_option__first_page")).to_be_hidden()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#id_option__first_page")).to_be_visible()


def test_a_property_that_is_chosen_in_the_list_is_put_on_the_map(page: Page, house: Property) -> None:
    page.goto("/admin/integrations/property/?q=Pennsylvania")
    page.locator("input.action-select").first.check()
    page.locator("select[name=action]").select_option("geocode_chosen")
    page.get_by_role("button", name="Run").first.click()
    expect(page.get_by_text("where the 1 chosen property is")).to_be_visible()
    page.locator("select[name=service]").select_option(label="Map")
    page.get_by_role("button", name="Geocode", exact=True).click()
    page.wait_for_url("**/geocodebatch/*/change/")
    expect(page.get_by_text("Succeeded").first).to_be_visible()
    house.refresh_from_db()
    assert house.latitude
