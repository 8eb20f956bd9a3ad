"""The error inbox: what staff see of an item that cannot be used, and what they decide."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from integrations.models import RecordError, Service, Stream, SyncRun
from tests.admin.asking import SUBMITTED, TOKEN, messages_of, page, said, strict

AsPerson = Callable[[User], Client]
ACTIONS = ("retry_chosen", "skip_chosen", "count_chosen_again")
LIST = page(RecordError, "changelist")


@pytest.fixture
def client(operator: User, as_person: AsPerson) -> Client:
    return as_person(operator)


@pytest.fixture
def stream(cms: Service) -> Stream:
    return cms.streams.get()


def error(stream: Stream, external_id: str = "a-1", **values: Any) -> RecordError:
    run = SyncRun.objects.filter(stream=stream).first() or SyncRun.objects.create(
        stream=stream, trigger="staff", state="partial"
    )
    common = {"field": "title", "reason": "This field cannot be blank.", "raw": {"title": "", "id": external_id}}
    return RecordError.objects.create(
        stream=stream, run=run, external_id=external_id, key=external_id, **common | values
    )


def choose(client: Client, action: str, *errors: RecordError, address: str = LIST, **more: object) -> Any:
    return client.post(address, {"action": action, "_selected_action": [each.pk for each in errors], **more})


def confirm(client: Client, action: str, *errors: RecordError, address: str = LIST, **more: object) -> str:
    response = choose(client, action, *errors, address=address, confirmed="yes", **more)
    assert (response.status_code, response.headers["Location"]) == (302, address)
    return messages_of(response)[-1]


def press(client: Client, row: RecordError, verb: str, **data: str) -> str:
    response = client.post(page(RecordError, verb, row.pk), SUBMITTED | data)
    assert response.headers["HX-Redirect"] == row.get_absolute_url()
    return messages_of(response)[-1]


def test_the_list_shows_the_open_ones_unless_others_are_asked_for(client: Client, stream: Stream) -> None:
    for state in RecordError.State:
        error(stream, f"item-{state}", state=state)
    shown = {chosen: said(client, f"{LIST}?state={chosen}") for chosen in ("skipped", "resolved", "all", "junk")}
    shown[""] = said(client, LIST)
    found = {
        chosen: {state for state in RecordError.State if f">item-{state}<" in html} for chosen, html in shown.items()
    }
    assert found == {
        "": {"open"},
        "skipped": {"skipped"},
        "resolved": {"resolved"},
        "all": {"open", "resolved", "skipped"},
        "junk": set(),
    }


def test_a_row_of_the_list_says_how_often_and_since_when_it_was_met(client: Client, stream: Stream) -> None:
    row = error(stream, met=7, met_at=timezone.now() - timedelta(hours=2, minutes=5))
    RecordError.objects.update(created_at=timezone.now() - timedelta(days=3, hours=1))
    html = said(client, LIST)
    for word in (
        "Error inbox",
        "a-1",
        "title",
        "This field cannot be blank.",
        "Articles · articles",
        "3 d ago",
        "2 h ago",
    ):
        assert word in html
    assert ">7<" in html
    assert row.get_absolute_url() in html


@pytest.mark.parametrize(("query", "fits"), [("field__icontains=tit", True), ("field__icontains=body", False)])
def test_it_is_narrowed_by_field(client: Client, stream: Stream, query: str, fits: bool) -> None:
    row = error(stream)
    assert (row.get_absolute_url() in said(client, f"{LIST}?{query}")) is fits


def test_it_is_narrowed_by_stream(client: Client, stream: Stream, github: Service) -> None:
    other = github.streams.all()[0]
    mine, foreign = error(stream), error(other, "b-2")
    html = said(client, f"{LIST}?stream={stream.pk}")
    assert (mine.get_absolute_url() in html, foreign.get_absolute_url() in html) == (True, False)


def test_an_empty_inbox_says_that_nothing_waits(client: Client) -> None:
    assert "Nothing waits here" in said(client, LIST)


def test_its_page_says_what_came_and_what_to_do(client: Client, stream: Stream) -> None:
    html = said(client, error(stream, raw={"title": None, "x": "<b>"}).get_absolute_url())
    assert "correct the path of this field in the options of Articles" in html
    assert "&quot;x&quot;: &quot;&lt;b&gt;&quot;" in html


def test_its_page_says_who_decided_and_why(client: Client, stream: Stream) -> None:
    row = error(stream)
    press(client, row, "skip", reason="A test <entry>.")
    html = said(client, row.get_absolute_url())
    assert "operator, " in html
    assert "A test &lt;entry&gt;." in html
    assert "runs do not count it as failed" in html


@pytest.mark.parametrize(
    ("state", "verbs"),
    [("open", {"retry_this", "skip"}), ("skipped", {"count_again"}), ("resolved", set())],
)
def test_only_the_verbs_that_fit_are_on_its_page(client: Client, stream: Stream, state: str, verbs: set[str]) -> None:
    row = error(stream, state=state)
    html = said(client, row.get_absolute_url())
    assert {verb for verb in ("retry_this", "skip", "count_again") if page(RecordError, verb, row.pk) in html} == verbs


def test_one_item_is_retried_from_its_page(client: Client, stream: Stream, operator: User) -> None:
    row = error(stream)
    message = press(client, row, "retry_this")
    run = SyncRun.objects.get(mode="items")
    assert (run.chosen, run.actor, run.state) == ([row.key], operator, "queued")
    assert run.get_absolute_url() in message
    again = press(client, row, "retry_this")
    assert "already being synced" in again
    assert SyncRun.objects.filter(mode="items").count() == 1


def test_to_skip_a_reason_is_needed(client: Client, stream: Stream) -> None:
    row = error(stream)
    client.post(page(RecordError, "skip", row.pk), SUBMITTED | {"reason": " "})
    assert RecordError.objects.get().state == "open"
    assert choose(client, "skip_chosen", row, confirmed="yes", reason="").status_code == 200
    assert RecordError.objects.get().state == "open"


def test_chosen_items_are_retried_after_a_question_with_one_run_a_stream(
    client: Client, stream: Stream, github: Service
) -> None:
    rows = [error(stream), error(stream, "a-2"), error(github.streams.all()[0], "b-1")]
    html = choose(client, "retry_chosen", *rows).content.decode()
    assert "Retry 3 items" in html
    assert not SyncRun.objects.filter(mode="items").exists()
    message = confirm(client, "retry_chosen", *rows)
    runs = SyncRun.objects.filter(mode="items")
    assert sorted(sorted(run.chosen) for run in runs) == [["a-1", "a-2"], ["b-1"]]
    assert all(run.get_absolute_url() in message for run in runs)
    assert OrmQ.objects.count() == 2


def test_of_two_who_press_at_once_one_starts_a_run_and_the_other_is_led_to_it(
    client: Client, stream: Stream, manager: User, as_person: AsPerson
) -> None:
    row = error(stream)
    confirm(client, "retry_chosen", row)
    message = confirm(as_person(manager), "retry_chosen", row)
    run = SyncRun.objects.get(mode="items")
    assert message.startswith("Articles · articles is already being synced.")
    assert run.get_absolute_url() in message


def test_chosen_items_are_skipped_with_a_reason_and_counted_again(
    client: Client, stream: Stream, operator: User
) -> None:
    rows = [error(stream), error(stream, "a-2")]
    assert confirm(client, "skip_chosen", *rows, reason="Drafts.") == (
        "2 items skipped for ever. “Count again” takes that back."
    )
    decided = RecordError.objects.values_list("state", "decided_by", "decision")
    assert set(decided) == {("skipped", "operator", "Drafts.")}
    assert confirm(client, "count_chosen_again", *rows, address=f"{LIST}?state=skipped") == "2 items counted again."
    assert set(RecordError.objects.values_list("state", flat=True)) == {"open"}


def test_what_makes_no_sense_is_said(client: Client, stream: Stream) -> None:
    row = error(stream, state="resolved")
    everything = f"{LIST}?state=all"
    said_of_it = [confirm(client, action, row, address=everything, reason="Because.") for action in ACTIONS]
    assert said_of_it == [
        "Only open items can be retried; press “Count again” at skipped ones first.",
        "Only open items can be skipped.",
        "Only skipped items can be counted again.",
    ]


@pytest.mark.parametrize("action", ACTIONS)
def test_who_may_only_see_decides_nothing(stream: Stream, viewer: User, as_person: AsPerson, action: str) -> None:
    row = error(stream, state="open")
    client = as_person(viewer)
    assert f'value="{action}"' not in said(client, LIST)
    choose(client, action, row, confirmed="yes", reason="Because.")
    assert RecordError.objects.get().state == "open"
    assert not SyncRun.objects.filter(mode="items").exists()


def test_a_stranger_sees_nothing(stream: Stream, stranger: User, as_person: AsPerson) -> None:
    row, client = error(stream), as_person(stranger)
    assert [client.get(address).status_code for address in (LIST, row.get_absolute_url())] == [403, 403]
    assert choose(client, "skip_chosen", row, confirmed="yes", reason="Because.").status_code == 403


def test_without_the_token_nothing_is_decided(stream: Stream, operator: User) -> None:
    row, client = error(stream), strict(operator)
    data = {"action": "skip_chosen", "_selected_action": row.pk, "confirmed": "yes", "reason": "Because."}
    assert client.post(LIST, data).status_code == 403
    assert RecordError.objects.get().state == "open"
    assert client.post(LIST, data | {"csrfmiddlewaretoken": TOKEN}).status_code == 302
    assert RecordError.objects.get().state == "skipped"
