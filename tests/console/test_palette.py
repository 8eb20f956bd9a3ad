"""Ctrl-K finds rows by what people have at hand, shows nobody what is not for him, and reads no long table."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from integrations import patience
from integrations.models import Incident, Property, Record, Service, SyncRun, WebhookEvent
from tests.admin.asking import said
from tests.essays import essay_of
from tests.recorded import recorded

AsPerson = Callable[[User], Client]


@pytest.fixture
def client(viewer: User, as_person: AsPerson) -> Client:
    """The viewer, signed in."""
    return as_person(viewer)


def found(client: Client, words: str) -> dict[str, str]:
    """Titles and addresses; without what Unfold keeps for five minutes."""
    cache.clear()
    html = said(client, "/admin/search/", data={"s": words, "extended": "1"})
    return {title: link for link, title in re.findall(r'href="([^"]+)"\s+data-title="([^"]*)"', html)}


@pytest.fixture
def rows(cms: Service, github: Service) -> dict[str, Any]:
    """What is looked for, and by which words."""
    stream = cms.streams.get()
    call = recorded(cms, outcome="ok", code="ok")
    event = WebhookEvent.objects.create(service=github, delivery_id="id:evt_1AbC", event_type="push", body=b"")
    run = SyncRun.objects.create(stream=stream, trigger="staff", state="succeeded")
    common = {"service": cms, "stream": stream, "content_hash": "", "synced_at": call.started_at}
    return {
        "artic": cms,
        "incident words": Incident.objects.create(service=cms, kind="sync", code="x", message="Two incident words."),
        f"run {run.pk}": run,
        f"Call {call.pk}": call,
        "evt_1AbC": event,
        str(event.pk): event,
        "rivers": essay_of(cms),
        "p-77": Property.objects.create(**common, external_id="1", parcel_id="p-77", address="1 Long Lane"),
        "long lane": Property.objects.get(external_id="1"),
        "at the source": Record.objects.create(**common, external_id="at the source", title="Nothing like it"),
    }


def test_each_kind_is_found_by_what_people_have_at_hand(client: Client, rows: dict[str, Any]) -> None:
    for words, row in rows.items():
        assert row.get_absolute_url() in found(client, words).values(), words


def test_a_trail_is_found_by_its_id(client: Client, cms: Service) -> None:
    trail = recorded(cms, outcome="ok", code="ok").correlation_id
    assert f"/admin/trail/{trail}/" in found(client, str(trail)).values()
    assert found(client, str(uuid.uuid4())) == {}


def test_a_stranger_finds_nothing(stranger: User, as_person: AsPerson, rows: dict[str, Any]) -> None:
    for words in rows:
        assert found(as_person(stranger), words) == {}


@pytest.mark.usefixtures("rows")
def test_what_is_asked_does_not_grow_with_the_rows(client: Client, cms: Service) -> None:
    def asked() -> int:
        cache.clear()
        with CaptureQueriesContext(connection) as queries:
            client.get("/admin/search/", {"s": "rivers", "extended": "1"})
        return len([each for each in queries.captured_queries if "integrations_" in each["sql"]])

    once = asked()
    for _ in range(10):
        essay_of(cms)
    assert asked() == once <= 11


@pytest.mark.parametrize("junk", ["\x00", "%", "'", "9" * 40, "٣", "<x-mark>", " ", "🙂" * 300, "run"])
def test_junk_is_answered(client: Client, rows: dict[str, Any], junk: str) -> None:
    html = said(client, "/admin/search/", data={"s": junk, "extended": "1"})
    assert "<x-mark>" not in html


def test_titles_that_take_too_long_are_left_to_their_list(
    client: Client, rows: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_long(*_: object) -> None:
        raise patience.TookTooLong

    monkeypatch.setattr(patience, "at_most", too_long)
    assert rows["rivers"].get_absolute_url() not in found(client, "rivers").values()
    assert rows["p-77"].get_absolute_url() in found(client, "p-77").values()
