"""The landing page: its figures against a plain computation, its charts, and who sees them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.models import (
    Call,
    HealthCheck,
    Incident,
    Service,
    ServiceState,
    SyncRun,
    WebhookEvent,
    WorkerHeartbeat,
)
from integrations.windows import DEFAULT, LAST
from tests.admin.asking import page, said
from tests.admin.population import populate
from tests.test_latency import NEAR, WINDOWS, call

AsPerson = Callable[[User], Client]
INDEX, LIVE = "/admin/", "/admin/live/"


@pytest.fixture
def client(viewer: User, as_person: AsPerson) -> Client:
    """The viewer, signed in."""
    return as_person(viewer)


@pytest.mark.parametrize(
    ("asked", "label"),
    [
        ("1h", "1 hour"),
        ("24h", "24 hours"),
        ("7d", "7 days"),
        ("", "24 hours"),
        ("9y", "24 hours"),
        ("<x>", "24 hours"),
        ("\x00", "24 hours"),
    ],
)
def test_each_window_shows_its_calls_and_junk_shows_a_day(client: Client, cms: Service, asked: str, label: str) -> None:
    ages = {"1h": timedelta(minutes=30), "24h": timedelta(hours=12), "7d": timedelta(days=3)}
    Call.objects.bulk_create([call(cms, age) for age in ages.values()])
    calls = {"1 hour": 1, "24 hours": 2, "7 days": 3}[label]
    for address in (INDEX, LIVE):
        text = said(client, address, data={"window": asked})
        assert f"<strong>{calls}</strong><small>in {label}</small>" in text
    assert f'hx-get="{LIVE}?window={asked if asked in LAST else DEFAULT}"' in said(
        client, INDEX, data={"window": asked}
    )


def lines(text: str) -> list[list[tuple[float, float]]]:
    """The points of each stretch of the small charts."""
    found = re.findall(r'<polyline points="([^"]+)"', text)
    return [[tuple(map(float, place.split(","))) for place in each.split()] for each in found]  # type: ignore[misc]


@pytest.mark.parametrize("name", WINDOWS)
def test_a_line_covers_the_whole_window_and_leaves_gaps_where_nothing_was(
    client: Client, cms: Service, name: str
) -> None:
    Call.objects.bulk_create([call(cms, LAST[name][1] / 2, 3.0), call(cms, timedelta(0), 8.0)])
    text = said(client, LIVE, data={"window": name})
    early, late = lines(text)
    assert early[0][0] == pytest.approx(50, abs=4)
    assert late[-1][0] == pytest.approx(100, abs=2)
    assert (early[0][1] - 23) / (late[0][1] - 23) == pytest.approx(3 / 8, NEAR)
    assert "p95 8.0 ms" in text


def test_the_page_asks_the_same_number_of_questions_however_much_there_is(client: Client) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            said(client, LIVE)
        return len(queries)

    assert "No services yet" in said(client, LIVE)
    populate(1)
    once = asked()
    populate(2)
    populate(3)
    assert asked() == once
    assert once <= 23


def test_the_summary_counts_what_is_going_on(client: Client, cms: Service, github: Service) -> None:
    ServiceState.objects.filter(service=cms).update(health="healthy")
    ServiceState.objects.filter(service=github).update(health="unhealthy", remark="It is <b>down</b>.")
    Incident.objects.create(service=github, kind="health", code="timeout", message="x")
    Incident.objects.create(service=github, kind="health", code="other", message="x", state="resolved")
    SyncRun.objects.create(stream=cms.streams.get(), trigger="staff", state="running", items=5, total=10)
    for number, state in enumerate(("queued", "running", "parked", "dead", "succeeded")):
        WebhookEvent.objects.create(service=github, delivery_id=str(number), state=state, body=b"")
    HealthCheck.objects.create(service=cms, trigger="staff")
    text = said(client, LIVE)
    assert "<strong>1 of 2</strong><small>healthy</small>" in text
    assert "It is &lt;b&gt;down&lt;/b&gt;." in text
    assert "<span>Incidents</span><strong>1</strong>" in text
    assert "<span>Running now</span><strong>1</strong><small>and 2 deliveries, 1 check</small>" in text
    assert "width: 50%" in text
    assert re.search(r"Last webhook</dt><dd><a[^>]*>0 s ago</a>", text)


@pytest.mark.parametrize(
    ("circuit", "words", "note"),
    [
        ("open", "Circuit open", "Nothing is sent to it. 10 &lt;b&gt;calls&lt;/b&gt; failed."),
        ("held_open", "Circuit held open", "Nothing is sent to it until somebody closes its circuit."),
        ("half_open", "Circuit trying", ""),
        ("closed", "", ""),
    ],
)
def test_a_circuit_that_is_not_closed_is_seen(
    client: Client, cms: Service, github: Service, circuit: str, words: str, note: str
) -> None:
    ServiceState.objects.filter(service=cms).update(circuit=circuit, circuit_reason="10 <b>calls</b> failed.")
    text = said(client, LIVE)
    assert re.findall(r">(Circuit [a-z ]+)</span>", text) == ([words] if words else [])
    assert note in text
    assert ("Nothing is sent to it" in text) == bool(note)


def test_what_was_not_sent_is_told_beside_the_calls(client: Client, cms: Service) -> None:
    rows = [call(cms, timedelta(minutes=1), 0.1, *came_to) for came_to in (("ok", "hit"), ("not_sent",), ("not_sent",))]
    Call.objects.bulk_create(rows)
    text = said(client, LIVE)
    assert "<strong>0</strong><small>in 24 hours</small>" in text
    assert "No calls were sent in the last 24 hours. 1 came from the cache, 2 were kept back." in text


def test_a_service_that_is_off_is_shown_as_off_and_not_counted(client: Client, cms: Service, github: Service) -> None:
    ServiceState.objects.update(health="healthy")
    Service.objects.filter(pk=github.pk).update(enabled=False)
    text = said(client, LIVE)
    assert "<strong>1 of 1</strong><small>healthy</small>" in text
    assert text.count("Switched off") == 1


@pytest.mark.parametrize(
    ("age", "says", "silent"),
    [
        (None, "never seen: start manage.py worker", True),
        (5, "Alive", False),
        (50, "Alive", False),
        (70, "Silent", True),
    ],
)
def test_the_worker_is_alive_or_silent(client: Client, age: int | None, says: str, silent: bool) -> None:
    if age is not None:
        WorkerHeartbeat.objects.create(name="default", beat_at=timezone.now() - timedelta(seconds=age))
    text = said(client, LIVE)
    assert says in text
    assert ("<strong>Silent</strong>" in text) == silent
    assert ("No worker gives a sign of life" in text) == silent


def test_a_console_without_services_says_what_to_do(client: Client, manager: User, as_person: AsPerson) -> None:
    assert "Add the first system you depend on" in said(client, INDEX)
    assert "Add service" not in said(client, LIVE)
    assert f'href="{page(Service, "add")}"' in said(as_person(manager), LIVE)


def test_the_fragment_is_the_part_of_the_page_and_nothing_else(client: Client, cms: Service) -> None:
    fragment = said(client, LIVE)
    assert "<html" not in fragment
    assert fragment.strip()[:400] in said(client, INDEX)
    assert 'class="form-row' not in fragment  # Unfold's script would choke on one


def test_a_stranger_sees_no_figures_and_is_told_whom_to_ask(stranger: User, as_person: AsPerson, cms: Service) -> None:
    client = as_person(stranger)
    text = said(client, INDEX)
    assert "Ask an administrator" in text
    for figure in ("Alive", "Silent", "healthy", "No services yet", cms.name, LIVE):
        assert figure not in text
    assert client.get(LIVE).status_code == 403


def verbs(text: str) -> set[str]:
    """The buttons, by the names of their verbs and the number of their row."""
    return set(re.findall(r'id="verb-integrations_(\w+)"', text))


def test_what_needs_somebody_has_its_verb_for_those_who_may(
    viewer: User, operator: User, manager: User, as_person: AsPerson, cms: Service
) -> None:
    incident = Incident.objects.create(service=cms, kind="health", code="timeout", message="No answer in <20 s>.")
    held = SyncRun.objects.create(stream=cms.streams.get(), trigger="staff", state="held", withheld=61)
    check, sync = f"service_check_now_{cms.pk}", f"service_sync_now_{cms.pk}"
    acknowledge, decide = f"incident_acknowledge_{incident.pk}", {f"syncrun_{v}_{held.pk}" for v in ("approve", "keep")}
    for person, may in ((viewer, set()), (operator, {check, sync, acknowledge}), (manager, {check, sync, acknowledge})):
        text = said(as_person(person), LIVE)
        assert "No answer in &lt;20 s&gt;." in text
        assert "61 rows did not come any more." in text
        assert verbs(text) - decide == may
    assert verbs(said(as_person(manager), LIVE)) >= decide


def test_when_nothing_needs_anybody_it_says_so(client: Client, cms: Service) -> None:
    WorkerHeartbeat.objects.create(name="default", beat_at=timezone.now())
    assert "Nothing needs you now. 0 of 1 service healthy, the worker alive 0 s ago." in said(client, LIVE)


def test_an_expired_session_leads_the_whole_page_to_the_login(client: Client) -> None:
    asked = {"HX-Request": "true", "HX-Current-URL": "http://testserver/admin/?window=7d"}
    response = Client().get(LIVE, headers=asked)
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["HX-Redirect"] == "/admin/login/?next=%2Fadmin%2F"
    assert Client().get(LIVE).headers["Location"] == "/admin/login/?next=/admin/live/"
    assert "HX-Redirect" not in client.get(LIVE, headers=asked).headers
