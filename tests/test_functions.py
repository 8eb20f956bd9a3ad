"""SQL that Django does not bring."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrations.models import Service

pytestmark = pytest.mark.django_db
NAMES = ["plain", "with 'quotes' and %s", "größer", 'a "word", {b}', "\\"]


@pytest.fixture(autouse=True)
def services() -> None:
    Service.objects.bulk_create(Service(slug=f"s{at}", name=name, system="cms") for at, name in enumerate(NAMES))


def test_what_is_among_a_list_is_found_whatever_it_holds() -> None:
    for name in NAMES:
        assert list(Service.objects.filter(name__among=[name, "another"]).values_list("name", flat=True)) == [name]
    assert Service.objects.filter(name__among=NAMES).count() == len(NAMES)


def test_nothing_is_among_an_empty_list() -> None:
    assert not Service.objects.filter(name__among=[]).exists()


def test_the_statement_has_one_place_for_the_whole_list() -> None:
    with CaptureQueriesContext(connection):
        query, values = Service.objects.filter(name__among=NAMES).values("pk").query.sql_with_params()
    assert query.count("%s") == len(values) == 1
