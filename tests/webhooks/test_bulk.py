"""Many events replayed or cancelled: what was said before is what is done, each once, whoever dies meanwhile."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from integrations import credentials, due, leases, ops, tasks
from integrations.models import BulkOperation, RefusedDelivery, Service, WebhookEvent
from integrations.webhooks import bulk, selection
from tests.webhooks.conftest import Send, sign
from tests.worker import expire

Verb = BulkOperation.Verb
WHY = "The handler was mended."


def events(service: Service, number: int, state: str = "dead", **values: Any) -> None:
    now, common = timezone.now(), {"service": service, "state": state, "event_type": "push", "body": b"{}"}
    WebhookEvent.objects.bulk_create(
        WebhookEvent(
            delivery_id=f"id:{uuid.uuid4()}",
            **{"received_at": now - timedelta(seconds=number - each), **common, **values},
        )
        for each in range(number)
    )


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 10)


def refused(send: Send, number: int) -> None:
    for each in range(number):
        body = b'{"n": %d}' % each
        send(body, HTTP_X_HUB_SIGNATURE_256=sign(body, "the right one"))
        send(b'{"forged": %d}' % each, HTTP_X_HUB_SIGNATURE_256=sign(body, "another"))


def work_off(operation: BulkOperation) -> BulkOperation:
    """Slice by slice, as time brings them."""
    for _ in range(1000):
        BulkOperation.objects.filter(pk=operation.pk, state="queued").update(due_at=timezone.now())
        tasks.work_off_bulk(str(operation.pk))
        OrmQ.objects.all().delete()
        operation.refresh_from_db()
        if operation.state not in BulkOperation.ACTIVE:
            return operation
    raise AssertionError("it does not come to an end")


def states() -> dict[str, int]:
    found: dict[str, int] = {}
    for state in WebhookEvent.objects.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


@pytest.mark.usefixtures("small_slices")
def test_all_that_match_wait_for_a_worker_each_once_and_say_why(github: Service, operator: User) -> None:
    events(github, 25)
    events(github, 3, state="succeeded")
    operation = work_off(ops.begin_bulk(Verb.REPLAY, {"state": "dead", "service": "github"}, WHY, operator))
    assert (operation.state, operation.done, operation.total) == ("succeeded", 25, 25)
    assert states() == {"queued": 25, "succeeded": 3}
    asked = WebhookEvent.objects.filter(state="queued")
    assert set(asked.values_list("trigger", "reason", "actor", "replays", "bulk")) == {
        ("bulk", WHY, operator.pk, 1, operation.pk)
    }
    due.start()
    assert [bell.func() for bell in OrmQ.objects.all()].count("integrations.tasks.process_event") == 25


@pytest.mark.usefixtures("small_slices")
def test_what_comes_or_dies_meanwhile_is_not_touched(github: Service) -> None:
    events(github, 15)
    operation = ops.begin_bulk(Verb.REPLAY, {"state": "dead"}, WHY)
    tasks.work_off_bulk(str(operation.pk))
    OrmQ.objects.all().delete()
    WebhookEvent.objects.filter(state="queued").update(state="dead")  # they failed again
    events(github, 4, received_at=timezone.now())
    work_off(operation)
    assert (operation.done, states()) == (15, {"dead": 14, "queued": 5})
    assert set(WebhookEvent.objects.values_list("replays", flat=True)) == {0, 1}


@pytest.mark.usefixtures("small_slices")
@pytest.mark.parametrize("at", ["before", "after"])
def test_a_worker_that_dies_at_a_slice_loses_and_repeats_nothing(
    github: Service, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it had written when it died stands altogether or not at all."""
    events(github, 25)
    operation = ops.begin_bulk(Verb.REPLAY, {}, WHY)
    tasks.work_off_bulk(str(operation.pk))

    class Died(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Died

    BulkOperation.objects.update(due_at=timezone.now())
    with monkeypatch.context() as patched:
        patched.setattr(*((ops, "again", die) if at == "before" else (leases.Lease, "wait", die)))
        with pytest.raises(Died):
            tasks.work_off_bulk(str(operation.pk))
    assert states() == {"queued": 10, "dead": 15}
    expire(operation)
    due.start()
    assert work_off(operation).done == 25
    assert set(WebhookEvent.objects.values_list("state", "replays")) == {("queued", 1)}


def test_while_workers_are_busy_it_waits(github: Service) -> None:
    events(github, 1)
    operation = ops.begin_bulk(Verb.REPLAY, {}, WHY)
    for _ in range(bulk.AT_ONCE):
        ops.ask_for_beat()
    tasks.work_off_bulk(str(operation.pk))
    operation.refresh_from_db()
    assert (operation.state, operation.done, states()) == ("queued", 0, {"dead": 1})
    assert operation.due_at > timezone.now()


def test_pending_events_are_cancelled_and_others_are_not(github: Service, operator: User) -> None:
    for state in WebhookEvent.State:
        events(github, 2, state=state)
    operation = work_off(ops.begin_bulk(Verb.CANCEL, {}, "A flood of tests.", operator))
    assert operation.done == 6
    assert states() == {"running": 2, "succeeded": 2, "ignored": 2, "dead": 2, "cancelled": 8}
    assert WebhookEvent.objects.filter(failure_message=f"Cancelled by operator, {operation}.").count() == 6


@pytest.mark.usefixtures("small_slices")
def test_a_cancelled_operation_touches_no_more(github: Service, operator: User) -> None:
    events(github, 25)
    operation = ops.begin_bulk(Verb.REPLAY, {}, WHY)
    tasks.work_off_bulk(str(operation.pk))
    ops.cancel_bulk(operation, operator)
    assert work_off(operation).failure_message == "Cancelled by operator."
    assert states() == {"queued": 10, "dead": 15}
    with pytest.raises(ops.Impossible, match="ended already"):
        ops.cancel_bulk(operation)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"state": "ded"}, "There is no state “ded”. There are: queued"),
        ({"service": "gitlab"}, "There is no service “gitlab”. There are: github."),
        ({"since": "yesterday"}, "“yesterday” is no moment."),
        ({"colour": "red"}, "There is no filter “colour”. There are: service"),
        ({"type": "issues"}, "Nothing that can be replayed matches"),
    ],
)
def test_nonsense_is_told_and_starts_nothing(github: Service, wanted: dict[str, str], said: str) -> None:
    events(github, 1)
    with pytest.raises(ops.Impossible, match=said):
        ops.begin_bulk(Verb.REPLAY, wanted, WHY)
    assert not BulkOperation.objects.exists()


def test_without_a_reason_nothing_is_started(github: Service) -> None:
    events(github, 1)
    with pytest.raises(ops.Impossible, match="Say why"):
        ops.begin_bulk(Verb.REPLAY, {}, " ")


def test_an_estimate_counts_what_the_verb_would_touch_and_shows_the_newest(github: Service) -> None:
    events(github, 8)
    events(github, 2, event_type="ping")
    events(github, 3, state="running")
    found = selection.estimate(Verb.REPLAY, {})
    assert (found.total, found.groups) == (10, [("GitHub", "push", 8), ("GitHub", "ping", 2)])
    newest = WebhookEvent.objects.filter(state="dead").order_by("-received_at")
    assert found.sample == list(newest[: selection.SAMPLE])
    with CaptureQueriesContext(connection) as queries:
        selection.estimate(Verb.REPLAY, {})
    assert len(queries) == 3


FOUND = {
    "full_name": True,
    "repository.full_name=acme/site": True,
    "repository.full_name=acme": False,
    "commits.1.id=b2": True,
    "commits.0.id=b2": False,
    "number=5": True,
    "number=50": False,
    "draft=true": True,
    "'a phrase'": True,
    "'phrase a'": False,
    "phrase acme": True,
    "phrase nowhere": False,
    "x-odd": True,
    "HEADERS": True,
    "un'closed": False,
    "100%": False,
    "a=b": True,
    "a.b=": False,
    "=": True,
}


@pytest.mark.parametrize(("text", "is_found"), FOUND.items(), ids=FOUND)
def test_words_are_found_in_what_was_sent_and_paths_in_its_payload(github: Service, text: str, is_found: bool) -> None:
    payload = (
        '{"repository": {"full_name": "acme/site"}, "commits": [{"id": "a1"}, {"id": "b2"}], "number": 5, '
        '"draft": true, "note": "a phrase", "odd": "a=b"}'
    )
    events(github, 1, body=payload.encode(), parsed=json.loads(payload), headers={"x-odd": "of the headers"})
    events(github, 1, body=b"\xff\x00", headers={})
    assert selection.events({"search": text}).count() == is_found


def test_a_search_looks_through_the_newest_and_is_stored_as_such(
    github: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.webhooks.searching.NEWEST", 3)
    events(github, 5, body=b'{"word": 1}')
    assert selection.events({"search": "word"}).count() == 3
    operation = ops.begin_bulk(Verb.REPLAY, {"search": "word"}, WHY)
    events(github, 2, body=b'{"word": 1}', received_at=timezone.now() + timedelta(seconds=1))
    assert operation.total == 3
    assert work_off(operation).done == 3
    assert WebhookEvent.objects.filter(replays=1).count() == 3


@pytest.mark.usefixtures("small_slices")
def test_all_that_a_service_refused_is_verified_again_slice_by_slice(
    send: Send, github: Service, operator: User
) -> None:
    refused(send, 13)
    credentials.store(github, "webhook_secret", "the right one")
    operation = work_off(ops.verify_held(github, operator))
    assert (operation.state, operation.done, operation.total) == ("succeeded", 13, 26)
    assert set(WebhookEvent.objects.values_list("state", "actor")) == {("queued", operator.pk)}
    assert WebhookEvent.objects.count() == 13
    assert RefusedDelivery.objects.filter(accepted_by="operator").count() == 13
    again = work_off(ops.verify_held(github))
    assert (again.state, again.done, again.total) == ("succeeded", 0, 13)
    RefusedDelivery.objects.update(accepted_at=timezone.now())
    with pytest.raises(ops.Impossible, match="None of these waits"):
        ops.verify_held(github)


@pytest.mark.usefixtures("small_slices")
def test_a_worker_that_dies_while_it_verifies_has_accepted_nothing_of_its_slice(
    send: Send, github: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused(send, 13)
    credentials.store(github, "webhook_secret", "the right one")
    operation = ops.verify_held(github)

    class Died(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(leases.Lease, "wait", die)
        with pytest.raises(Died):
            tasks.work_off_bulk(str(operation.pk))
    assert not WebhookEvent.objects.exists()
    expire(operation)
    due.start()
    assert (work_off(operation).done, WebhookEvent.objects.count()) == (13, 13)
