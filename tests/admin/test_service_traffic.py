"""A service's page about its traffic: limits, bodies, circuit, quota, cache, and what could not be recorded."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from integrations import systems
from integrations.models import CachedAnswer, Service, ServiceState
from integrations.transport.limits import Limits
from tests.admin.asking import page, said
from tests.admin.service_form import errors, save
from tests.recorded import recorded

VERBS = ("close_circuit", "hold_circuit_open", "purge_cache")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def client(manager: User, as_person: Any) -> Client:
    """The manager, signed in."""
    client: Client = as_person(manager)
    return client


def fields(client: Client, service: Service) -> Any:
    return client.get(service.get_absolute_url()).context["adminform"].form.fields


def test_an_empty_limit_says_what_holds_then(client: Client, cms: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    declared = replace(systems.get("cms"), limits=Limits(per_hour=5000))
    monkeypatch.setattr(systems, "all_systems", lambda: {"cms": declared})
    shown = fields(client, cms)
    assert shown["per_hour"].widget.attrs["placeholder"] == "5,000"
    assert shown["per_hour"].help_text == "Empty: 5,000, which is what CMS allows."
    for name in ("per_second", "per_minute", "per_day", "concurrency"):
        assert (shown[name].widget.attrs["placeholder"], shown[name].help_text) == ("no limit", "")


def test_limits_are_stored_and_nonsense_is_refused_at_its_field(client: Client, cms: Service) -> None:
    assert save(client, cms, per_hour="100", concurrency="2").status_code == 302
    cms.refresh_from_db()
    assert (cms.per_hour, cms.concurrency, cms.per_day) == (100, 2, None)
    assert set(errors(save(client, cms, per_hour="0", per_day="x"))) == {"per_hour", "per_day"}


@pytest.mark.parametrize(("choice", "minutes"), [("15", 15), ("60", 60), ("480", 480)])
def test_all_bodies_are_kept_for_a_span_that_begins_now(
    client: Client, cms: Service, choice: str, minutes: int
) -> None:
    began = timezone.now()
    save(client, cms, keep_all=choice)
    cms.refresh_from_db()
    assert cms.bodies_until
    assert began + minutes * MINUTE <= cms.bodies_until <= timezone.now() + minutes * MINUTE
    assert re.search(r"All are kept until <time", said(client, cms.get_absolute_url()))


def test_a_span_goes_on_until_somebody_stops_it(client: Client, cms: Service) -> None:
    until = timezone.now() + 20 * MINUTE
    Service.objects.update(bodies_until=until)
    assert [value for value, _label in fields(client, cms)["keep_all"].choices] == ["", "15", "60", "480", "0"]
    save(client, cms, name="Renamed")
    cms.refresh_from_db()
    assert (cms.name, cms.bodies_until) == ("Renamed", until)
    save(client, cms, keep_all="0")
    cms.refresh_from_db()
    assert cms.bodies_until is None
    assert fields(client, cms)["keep_all"].choices[0] == ("", "No")


def test_a_span_that_is_not_offered_is_refused(client: Client, cms: Service) -> None:
    assert set(errors(save(client, cms, keep_all="999999"))) == {"keep_all"}


def test_who_may_not_change_it_reads_until_when(as_person: Any, viewer: User, cms: Service) -> None:
    html = said(as_person(viewer), cms.get_absolute_url())
    assert re.search(r"Keep all bodies.*?>No<", html, re.DOTALL)
    Service.objects.update(bodies_until=timezone.now() + 20 * MINUTE)
    html = said(as_person(viewer), cms.get_absolute_url())
    assert re.search(r"Keep all bodies.*?>until <time", html, re.DOTALL)


def state(service: Service, **values: Any) -> None:
    ServiceState.objects.filter(service=service).update(**values)


def test_an_open_circuit_says_since_when_why_and_when_it_is_tried(client: Client, cms: Service) -> None:
    now = timezone.now()
    state(
        cms,
        circuit="open",
        circuit_since=now - 7 * MINUTE,
        circuit_probe_at=now + 2.5 * MINUTE,
        circuit_reason="10 <b>calls</b> in a row failed.",
    )
    html = said(client, page(Service, "live", cms.pk))
    assert '<span class="c-badge c-bad">Circuit open</span>' in html
    assert "10 &lt;b&gt;calls&lt;/b&gt; in a row failed." in html
    assert "· 7 min ago</span></time>" in html
    assert "One call is let through in 2 min." in html


@pytest.mark.parametrize(
    ("circuit", "badge", "sentence"),
    [
        ("closed", "Closed", "Calls are let through"),
        ("half_open", "Circuit trying", "One call is trying whether the service is back."),
        ("held_open", "Circuit held open", "Nothing is sent to this service until somebody presses “Close circuit”."),
    ],
)
def test_each_other_position_is_said_in_words(
    client: Client, cms: Service, circuit: str, badge: str, sentence: str
) -> None:
    state(cms, circuit=circuit)
    html = said(client, page(Service, "live", cms.pk))
    assert f">{badge}</span>" in html
    assert sentence in html


@pytest.mark.parametrize(
    ("circuit", "cached", "offered"),
    [
        ("closed", 0, {"hold_circuit_open"}),
        ("closed", 1, {"hold_circuit_open", "purge_cache"}),
        ("open", 0, {"close_circuit", "hold_circuit_open"}),
        ("half_open", 0, {"close_circuit", "hold_circuit_open"}),
        ("held_open", 1, {"close_circuit", "purge_cache"}),
    ],
)
def test_buttons_are_there_where_they_make_sense_for_those_who_may(
    as_person: Any, operator: User, viewer: User, cms: Service, circuit: str, cached: int, offered: set[str]
) -> None:
    state(cms, circuit=circuit)
    for number in range(cached):
        CachedAnswer.objects.create(service=cms, key=str(number), operation="x", stored_at=timezone.now())
    for person, wanted in ((operator, offered), (viewer, set[str]())):
        html = said(as_person(person), cms.get_absolute_url())
        assert {verb for verb in VERBS if page(Service, verb, cms.pk) in html} == wanted


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html))


@pytest.mark.parametrize(
    ("known", "sentence"),
    [
        ({"quota_left": 4987, "quota_limit": 5000}, "4,987 of 5,000 left until"),
        ({"quota_left": 12}, "12 left until"),
        ({"quota_left": 0, "quota_limit": 60}, "0 of 60 left until"),
    ],
)
def test_the_quota_says_how_much_is_left_and_until_when(
    client: Client, cms: Service, known: dict[str, int], sentence: str
) -> None:
    reset = timezone.now() + 23.5 * MINUTE
    state(cms, quota_reset_at=reset, quota_seen_at=timezone.now(), **known)
    said_of_it = plain(said(client, page(Service, "live", cms.pk)))
    assert sentence in said_of_it
    assert "(in 23 min) as told 0 s ago" in said_of_it
    assert f"{timezone.localtime(reset):%H:%M}" in said_of_it


def test_a_quota_whose_time_is_over_says_that_it_was_renewed(client: Client, cms: Service) -> None:
    now = timezone.now()
    state(cms, quota_left=3, quota_limit=60, quota_reset_at=now - 5 * MINUTE, quota_seen_at=now - 50 * MINUTE)
    assert "3 of 60 left then; renewed 5 min ago" in plain(said(client, page(Service, "live", cms.pk)))


def test_a_pause_the_remote_asked_for_is_said_while_it_lasts(client: Client, cms: Service) -> None:
    state(cms, limited_until=timezone.now() + 1.5 * MINUTE)
    said_of_it = plain(said(client, page(Service, "live", cms.pk)))
    assert "Rate limited: the service asked us to wait until" in said_of_it
    assert "(in 1 min). Work goes on by itself then." in said_of_it
    state(cms, limited_until=timezone.now() - MINUTE)
    assert "Rate limited" not in said(client, page(Service, "live", cms.pk))


def test_calls_that_could_not_be_recorded_are_counted(client: Client, cms: Service) -> None:
    assert "could not be recorded" not in said(client, page(Service, "live", cms.pk))
    for number, words in ((1, "1 call could not"), (1200, "1,200 calls could not")):
        state(cms, unrecorded_calls=number)
        assert f"{words} be recorded" in said(client, page(Service, "live", cms.pk))


def test_what_was_cached_or_not_sent_is_told_beside_the_calls(client: Client, cms: Service) -> None:
    recorded(cms, cache="hit")
    recorded(cms, outcome="not_sent", code="circuit_open", status=None)
    said_of_it = plain(said(client, page(Service, "live", cms.pk)))
    assert "Calls 24 hours 0 Errors 0 %" in said_of_it.replace("hours0", "hours 0").replace("Errors0", "Errors 0")
    assert re.search(r"From the cache ?1 Not sent ?1", said_of_it)


def test_the_list_shows_a_circuit_that_is_not_closed(client: Client, cms: Service, github: Service) -> None:
    state(cms, circuit="held_open")
    html = said(client, page(Service, "changelist"))
    assert re.findall(r"c-badge c-\w+\">(Circuit [a-z ]+)<", html) == ["Circuit held open"]
    html = said(client, page(Service, "changelist", state__circuit__exact="held_open"))
    assert cms.get_absolute_url() in html
    assert github.get_absolute_url() not in html
