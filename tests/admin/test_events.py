"""Events in the admin: what the list says and finds, what can be done with many, what the page costs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations import intake
from integrations.admin import event_filters
from integrations.admin.payload_tree import DEEPEST, MOST_VALUES, Tree
from integrations.models import Attempt, BulkOperation, Effect, Service, WebhookEvent
from integrations.webhooks.selection import Nonsense
from tests.admin.asking import SUBMITTED, messages_of, page, said

AsPerson = Callable[[User], Client]
PAYLOAD = {"repository": {"full_name": "acme/site"}}


@pytest.fixture
def manager_client(manager: User, as_person: AsPerson) -> Client:
    return as_person(manager)


def event(service: Service, number: int, **values: Any) -> WebhookEvent:
    common = {"event_type": "push", "state": "dead", "body": json.dumps(PAYLOAD).encode(), "parsed": PAYLOAD}
    return WebhookEvent.objects.create(service=service, delivery_id=f"id:{number}", **{**common, **values})


@pytest.fixture
def events(github: Service) -> list[WebhookEvent]:
    other = {"event_type": "ping", "parsed": {}, "body": b"{}"}
    return [event(github, 1), event(github, 2), event(github, 3, **other), event(github, 4, state="queued")]


def over(query: str) -> dict[str, str]:
    """As a dialog over a filtered list asks."""
    return {"HX-Current-URL": f"http://testserver{page(WebhookEvent, 'changelist')}?{query}"}


FOUR = "state__exact=dead&q=repository.full_name%3Dacme/site&type=push&o=1"


def test_the_question_says_how_many_and_which(manager_client: Client, events: list[WebhookEvent]) -> None:
    html = said(manager_client, page(WebhookEvent, "replay_all"), headers=over(FOUR))
    assert "<strong>2 events</strong>" in html
    assert "state=dead search=repository.full_name=acme/site type=push" in html
    assert [each.get_absolute_url() in html for each in events] == [True, True, False, False]
    assert "search=" not in said(manager_client, page(WebhookEvent, "cancel_all"), headers=over(""))


def test_what_is_asked_for_is_what_the_list_shows(manager_client: Client, events: list[WebhookEvent]) -> None:
    data = {**SUBMITTED, "reason": "Mended."}
    response = manager_client.post(page(WebhookEvent, "replay_all"), data, headers=over(FOUR))
    operation = BulkOperation.objects.get()
    assert response.headers["HX-Redirect"] == operation.get_absolute_url()
    wanted = {"state": "dead", "search": "repository.full_name=acme/site", "type": "push"}
    assert {name: operation.filter[name] for name in wanted} == wanted
    assert (operation.total, operation.actor_name, operation.reason) == (2, "manager", "Mended.")


def test_a_list_that_no_filter_can_say_starts_nothing(manager_client: Client, events: list[WebhookEvent]) -> None:
    """Never more than what is shown."""
    strange = over("state__exact=dead&summary__contains=x")
    assert "which cannot be stored" in said(manager_client, page(WebhookEvent, "replay_all"), headers=strange)
    data = {**SUBMITTED, "reason": "Mended."}
    response = manager_client.post(page(WebhookEvent, "replay_all"), data, headers=strange)
    assert "which cannot be stored" in messages_of(response)[0]
    assert not BulkOperation.objects.exists()


def test_the_filters_of_a_list_are_understood(github: Service) -> None:
    given = {
        "service__id__exact": str(github.pk),
        "received_at_from_0": "2026-03-01",
        "received_at_from_1": "10:30",
        "received_at_to_0": "2026-03-02",
        "p": "2",
        "type": "",
    }
    assert event_filters.of_list(given) == {"service": "github", "since": "2026-03-01T10:30", "until": "2026-03-02"}
    with pytest.raises(Nonsense, match="is gone"):
        event_filters.of_list({"service__id__exact": "987654321"})


@pytest.mark.parametrize(
    ("query", "found"),
    [("q=full_name", 3), ("q=repository.full_name=acme/site", 3), ("q=id:3", 1), ("type=ping", 1), ("q=no+such", 0)],
)
def test_the_list_finds_what_was_sent(
    manager_client: Client, events: list[WebhookEvent], query: str, found: int
) -> None:
    html = said(manager_client, f"{page(WebhookEvent, 'changelist')}?{query}")
    assert sum(each.get_absolute_url() in html for each in events) == found


def choose(client: Client, rows: list[WebhookEvent], action: str, **more: object) -> Any:
    data = {"action": action, "_selected_action": [row.pk for row in rows], **more}
    return client.post(page(WebhookEvent, "changelist"), data)


def states(rows: list[WebhookEvent]) -> list[str]:
    return [WebhookEvent.objects.get(pk=row.pk).state for row in rows]


def test_chosen_events_are_replayed_or_cancelled_with_a_reason(
    operator: User, as_person: AsPerson, events: list[WebhookEvent]
) -> None:
    client = as_person(operator)
    assert "Replay 3 events</button>" in choose(client, events, "replay_chosen").content.decode()
    assert "Replay 3 events</button>" in choose(client, events, "replay_chosen", confirmed="yes").content.decode()
    assert states(events) == ["dead", "dead", "dead", "queued"]
    done = choose(client, events, "replay_chosen", confirmed="yes", reason="Mended.")
    assert messages_of(done) == ["3 events will be processed."]
    assert set(WebhookEvent.objects.filter(replays=1).values_list("reason", "actor__username")) == {
        ("Mended.", "operator")
    }
    done = choose(client, events, "cancel_chosen", confirmed="yes", reason="A flood.")
    assert messages_of(done)[-1] == "4 events cancelled."
    assert states(events) == ["cancelled"] * 4


@pytest.mark.parametrize("name", ["viewer", "stranger"])
def test_others_do_nothing_with_chosen_events(
    events: list[WebhookEvent], name: str, request: pytest.FixtureRequest, as_person: AsPerson
) -> None:
    client = as_person(request.getfixturevalue(name))
    for action in ("replay_chosen", "cancel_chosen"):
        choose(client, events, action, confirmed="yes", reason="x")
    assert states(events) == ["dead", "dead", "dead", "queued"]


def test_what_is_over_the_list_counts_what_waits(manager_client: Client, events: list[WebhookEvent]) -> None:
    event(events[0].service, 5, received_at=timezone.now() - intake.AN_HOUR * 30, state="held")
    hours = intake.by_hour()
    assert (len(hours), sum(hour.events for hour in hours), hours[-1].percent) == (24, 4, 100)
    html = said(manager_client, page(WebhookEvent, "now"))
    assert html.count("<rect") == 24
    assert {state: intake.number_of(state) for state in intake.WAITING} == {
        "queued": 1,
        "parked": 0,
        "held": 1,
        "dead": 3,
    }
    assert intake.oldest_waiting() == events[3].due_at


def test_what_was_given_up_is_counted_in_the_sidebar(viewer: User, as_person: AsPerson, github: Service) -> None:
    client = as_person(viewer)
    assert 'title="Gave up"' not in said(client, page(WebhookEvent, "changelist"))
    for number in range(101):
        event(github, number)
    assert 'title="Gave up">99+</span>' in said(client, page(WebhookEvent, "changelist"))


def test_the_body_is_saved_and_not_shown(manager_client: Client, github: Service) -> None:
    body = b"<script>alert(1)</script>\x00\xff"
    raw = manager_client.get(page(WebhookEvent, "raw", event(github, 1, body=body).pk))
    assert raw.content == body
    assert raw.headers["Content-Type"] == "application/octet-stream"
    assert raw.headers["Content-Disposition"].startswith("attachment; ")
    assert raw.headers["X-Content-Type-Options"] == "nosniff"


def test_a_page_costs_no_more_for_many_attempts(manager_client: Client, events: list[WebhookEvent]) -> None:
    said(manager_client, events[0].get_absolute_url())  # what is asked for once in a process
    counts = []
    for more in (1, 30):
        for _ in range(more):
            Attempt.objects.create(event=events[0], number=events[0].attempts.count() + 1)
        Effect.objects.create(event=events[0], handler=f"handler {more}")
        with CaptureQueriesContext(connection) as queries:
            said(manager_client, events[0].get_absolute_url())
        counts.append(len(queries))
    assert counts == [11, 11]


def test_a_tree_is_bounded_and_harmless() -> None:
    deep: Any = []
    for _ in range(DEEPEST * 3):
        deep = [deep, 1]
    assert "nested too deep" in Tree().drawn(deep)
    many = Tree().drawn(list(range(MOST_VALUES * 2)))
    assert many.count("<li>") == MOST_VALUES
    assert "The rest is in the download." in many
    odd = Tree().drawn({"<b>": "<script>", "\ud800": "\x00", "long": "x" * 100_000})
    assert "<script>" not in odd
    assert "<b>" not in odd
    assert len(odd.encode()) < 2000
