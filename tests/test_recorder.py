"""Every attempt becomes one row; what is kept of its bodies is the service's policy."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
import stamina
from django.contrib.auth.models import User
from django.db import transaction

from integrations import ops
from integrations.connections import client_for
from integrations.models import Call, CallBody, HealthCheck, Service, SyncRun, WebhookEvent
from integrations.recorder import Cause, Recorder
from integrations.transport.details import CallDetails, Outcome
from integrations.transport.errors import CallError
from tests.transport.server import Reply, ScriptedServer

LIST = Reply(body=b'{"meta": {"total_count": 0}, "items": []}')
BROKEN_TEXT = "a\x00b"


def cause(**rows: Any) -> Cause:
    return Cause(Call.Trigger.COMMAND, uuid.uuid4(), **rows)


def details(**changed: Any) -> CallDetails:
    told: dict[str, Any] = {
        "operation": "list_things",
        "method": "GET",
        "url": "https://remote.example/things?a=1",
        "status": 200,
        "outcome": Outcome.OK,
        "error": "",
        "attempt": 1,
        "chain": uuid.uuid4(),
        "started_at": datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC),
        "duration_ms": 12.5,
        "first_byte_ms": 10.25,
        "request_bytes": 3,
        "response_bytes": 2**33,
        "remote_id": "r-1",
        "request_headers": {"Accept": "*/*"},
        "request_body": "ask",
        "response_headers": {"Content-Type": "text/plain"},
        "response_body": "told",
    }
    return CallDetails(**{**told, **changed})


@pytest.fixture
def calling(cms: Service, remote: ScriptedServer) -> Service:
    """A service that calls the scripted remote."""
    cms.base_url = remote.url
    cms.save()
    return cms


def test_every_field_of_an_attempt_is_written(cms: Service, operator: User) -> None:
    run = ops.sync(cms.streams.get(), SyncRun.Trigger.STAFF)
    check = ops.check(cms, HealthCheck.Trigger.STAFF)
    event = WebhookEvent.objects.create(service=cms, delivery_id="id:1", body=b"")
    why = cause(run_id=run.pk, event_id=event.pk, check_row_id=check.pk, actor_id=operator.pk)
    told = details(status=503, outcome=Outcome.SERVER_ERROR, error="It answered 503.", attempt=2)
    Recorder(cms, why)(told)
    call = Call.objects.get()
    said = {"request_headers", "request_body", "response_headers", "response_body"}
    for name in vars(told).keys() - said:
        assert getattr(call, name) == getattr(told, name), name
    assert (call.service, call.run, call.event, call.check_row, call.actor) == (cms, run, event, check, operator)
    assert (call.trigger, call.correlation_id) == ("command", why.correlation_id)
    for name in said:
        assert getattr(call.body, name) == getattr(told, name), name


@pytest.mark.parametrize(
    ("policy", "outcome", "kept"),
    [
        (Service.BodyPolicy.NONE, Outcome.OK, False),
        (Service.BodyPolicy.NONE, Outcome.SERVER_ERROR, False),
        (Service.BodyPolicy.FAILURES, Outcome.OK, False),
        *[(Service.BodyPolicy.FAILURES, outcome, True) for outcome in Outcome if outcome is not Outcome.OK],
        (Service.BodyPolicy.ALL, Outcome.OK, True),
        (Service.BodyPolicy.ALL, Outcome.SERVER_ERROR, True),
    ],
)
def test_bodies_are_kept_as_the_policy_says(cms: Service, policy: str, outcome: Outcome, kept: bool) -> None:
    cms.body_policy = policy
    Recorder(cms, cause())(details(outcome=outcome))
    assert Call.objects.count() == 1
    assert CallBody.objects.exists() is kept


def test_one_row_is_written_per_attempt_of_a_client(calling: Service, remote: ScriptedServer) -> None:
    remote.answers(Reply(500), Reply(reset=True), LIST)
    why = cause()
    with stamina.set_testing(True, attempts=100, cap=True), client_for(calling, why) as client:
        client.check_health()
    calls = list(Call.objects.order_by("attempt"))
    assert [(c.attempt, c.status, c.outcome) for c in calls] == [
        (1, 500, "server_error"),
        (2, None, "broken"),
        (3, 200, "ok"),
    ]
    assert len({call.chain for call in calls}) == 1
    assert {(call.operation, call.correlation_id) for call in calls} == {("check_health", why.correlation_id)}
    assert [CallBody.objects.filter(call=call).exists() for call in calls] == [True, True, False]


def test_the_network_inside_a_transaction_is_an_error(calling: Service, remote: ScriptedServer) -> None:
    remote.answers(LIST)
    with transaction.atomic(), pytest.raises(RuntimeError), client_for(calling, cause()) as client:
        client.check_health()
    assert not Call.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_network_inside_a_real_transaction_is_an_error(calling: Service, remote: ScriptedServer) -> None:
    remote.answers(LIST)
    with transaction.atomic(), pytest.raises(RuntimeError), client_for(calling, cause()) as client:
        client.check_health()
    with client_for(calling, cause()) as client:
        client.check_health()
    assert Call.objects.count() == 1


@pytest.mark.parametrize(
    "reply",
    [
        Reply(400, b'{"message": "a\\u0000b \\ud800"}'),
        Reply(500, b"\x00\x00 \xff\xfe \xed\xa0\x80"),
        Reply(400, b"{}", headers=(("X-Odd", BROKEN_TEXT), ("X-Request-Id", "id\x00\xe9"))),
        Reply(302, b"", headers=(("Location", f"http://h/{BROKEN_TEXT}?q=\xff"),)),
        Reply(raw=b"HTTP/1.1 200 \x00\xff\r\nX: \x00\xff\r\nContent-Length: 1\r\n\r\n\x00"),
    ],
    ids=["message", "body", "headers", "location", "everything"],
)
def test_whatever_bytes_a_remote_sends_the_call_is_recorded(
    calling: Service, remote: ScriptedServer, reply: Reply
) -> None:
    remote.answers(reply)
    with pytest.raises(CallError) as failure, client_for(calling, cause(), attempts=1) as client:
        client.check_health()
    call = Call.objects.get()
    assert call.error == str(failure.value)
    stored = f"{call.error}{call.remote_id}{call.body.response_headers}{call.body.response_body}"
    assert "\x00" not in stored


def test_a_very_long_url_is_cut(calling: Service, remote: ScriptedServer) -> None:
    remote.answers(LIST)
    calling.options = {"query": f"search={'x' * 9000}", "page_size": 20}
    with client_for(calling, cause()) as client:
        client.check_health()
    assert len(remote.asked[0].target) > 9000
    call = Call.objects.get()
    assert len(call.url) == 2000
    assert call.url.startswith(remote.url)


def test_a_very_long_answer_is_cut(calling: Service, remote: ScriptedServer) -> None:
    remote.answers(Reply(400, b"x" * 300_000, headers=(("X-Request-Id", "i" * 900),)))
    with pytest.raises(CallError), client_for(calling, cause()) as client:
        client.check_health()
    call = Call.objects.get()
    assert call.response_bytes == 300_000
    assert len(call.body.response_body) == 64 * 1024
    assert len(call.remote_id) == 200
