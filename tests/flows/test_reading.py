"""Pages with a real web server, worker and sandbox, while the sandbox, the service and the worker go away."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from integrations.models import CachedAnswer, Enrichment
from tests.flows.processes import seconds_until
from tests.pages.reading import Library, library
from tests.pages.showing import QUIET, words

pytestmark = pytest.mark.slow

PASSWORD = "the password of a reader"


class Reader:
    """A signed-in browser without a screen, which asks and looks as a page's fragments do."""

    def __init__(self, library: Library) -> None:
        self.url = library.deployment.url
        self.session = requests.Session()
        login = f"{self.url}/admin/login/"
        self.session.get(login, timeout=30)
        form = {"username": "reader", "password": PASSWORD, "csrfmiddlewaretoken": self.token}
        self.session.post(login, data=form, headers={"Referer": login}, timeout=30).raise_for_status()

    @property
    def token(self) -> str:
        return str(self.session.cookies["csrftoken"])

    def page(self, what: str) -> tuple[str, float]:
        """Its markup, and the seconds until it was there."""
        began = time.monotonic()
        response = self.session.get(f"{self.url}/{what}/", timeout=30)
        assert response.status_code == 200
        return response.text, time.monotonic() - began

    def settled(self, kind: str, pk: int) -> tuple[str, float]:
        """What a fragment comes to, and the seconds until it was there."""
        address, began = f"{self.url}/fragments/{kind}/{pk}/", time.monotonic()
        response = self.session.post(address, headers={"X-CSRFToken": self.token}, timeout=30)
        while "hx-get" in response.text:
            time.sleep(0.25)
            response = self.session.get(address, timeout=30)
        assert response.status_code == 200
        return words(response.text), time.monotonic() - began


@pytest.fixture
def shelves(tmp_path: Path, migrated: str, django_db_blocker: DjangoDbBlocker) -> Iterator[Library]:
    with django_db_blocker.unblock(), library(tmp_path, migrated) as made:
        User.objects.create_superuser("reader", password=PASSWORD)
        yield made


@pytest.fixture
def reader(shelves: Library) -> Reader:
    return Reader(shelves)


def ask_anew() -> None:
    """As if all that is stored had had its time."""
    Enrichment.objects.update(due_at=timezone.now())
    CachedAnswer.objects.all().delete()


def tell(situation: str, took: dict[str, float]) -> None:
    print(f"{situation}: " + ", ".join(f"{what} after {seconds:.2f} s" for what, seconds in took.items()))


def read(reader: Reader, pk: int, situation: str) -> str:
    """The page, then its figures; prints how long both took."""
    _markup, page_s = reader.page("essays/night-trains")
    figures, figures_s = reader.settled("analytics", pk)
    tell(situation, {"page": page_s, "figures": figures_s})
    return figures


def test_whatever_goes_away_the_page_is_there_and_its_fragments_come_to_an_end(
    shelves: Library, reader: Reader
) -> None:
    pk = shelves.essay.pk
    seconds_until(lambda: "40 s" in read(reader, pk, "all well"), 60, "the first figures are there", every=1)
    shelves.shut_sandbox()
    assert "a moment ago" in read(reader, pk, "sandbox gone, figures fresh")
    ask_anew()
    assert "40 s" in read(reader, pk, "sandbox gone, figures old")
    Enrichment.objects.all().delete()
    CachedAnswer.objects.all().delete()
    assert read(reader, pk, "sandbox gone, no figures").endswith(QUIET)
    shelves.open_sandbox()
    shelves.deployment.fault("analytics", delay_s=8)
    ask_anew()
    assert read(reader, pk, "service hangs").endswith(QUIET)
    seconds_until(lambda: Enrichment.objects.get().state == "succeeded", 30, "the late answer is kept")
    assert "40 s" in read(reader, pk, "late answer kept")
    shelves.deployment.fault("analytics")
    shelves.worker.stop()
    Enrichment.objects.all().delete()
    assert read(reader, pk, "no worker").endswith(QUIET)
    shelves.open_worker()
    seconds_until(lambda: "40 s" in read(reader, pk, "worker back"), 60, "figures are there again", every=1)
