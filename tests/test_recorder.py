"""Every attempt becomes one row; what is kept of its bodies is the service's policy."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from integrations import credentials, ops
from integrations.connections import client_for, transport_for
from integrations.models import Call, CallBody, HealthCheck, Service, ServiceState, SyncRun, WebhookEvent
from integrations.recorder import Cause, Recorder
from integrations.transport.codes import Code
from integrations.transport.details import CallDetails, Said, Timings
from integrations.transport.errors import CallError
from integrations.transport.redaction import BLANK
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
        "code": Code.OK,
        "error": "",
        "attempt": 1,
        "chain": uuid.uuid4(),
        "started_at": datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC),
        "timings": Timings(12.5, 100.0, 30.0, 1.0, 2.0, 3.0, 4.0, 2.5),
        "request_bytes": 3,
        "response_bytes": 2**33,
        "remote_id": "r-1",
        "request": Said({"Accept": "*/*"}, "ask", 3, "a" * 64),
        "response": Said({"Content-Type": "text/plain"}, "told", 2**33, "b" * 64, truncated=True),
    }
    return CallDetails(**{**told, **changed})


def test_every_field_of_an_attempt_is_written(cms: Service, operator: User) -> None:
    run = ops.sync(cms.streams.get(), SyncRun.Trigger.STAFF)
    check = ops.check(cms, HealthCheck.Trigger.STAFF)
    event = WebhookEvent.objects.create(service=cms, delivery_id="id:1", body=b"")
    why = cause(run_id=run.pk, event_id=event.pk, check_row_id=check.pk, actor_id=operator.pk)
    told = details(status=503, code=Code.SERVER_ERROR, error="It answered 503.", attempt=2)
    Recorder(cms, why)(told)
    call = Call.objects.get()
    for name in vars(told).keys() - {"timings", "request", "response", "quota", "retry_after"}:
        assert getattr(call, name) == getattr(told, name), name
    assert call.outcome == "failed"
    for phase, spent in vars(told.timings).items():
        assert getattr(call, "duration_ms" if phase == "total" else f"{phase}_ms") == spent, phase
    assert (call.service, call.run, call.event, call.check_row, call.actor) == (cms, run, event, check, operator)
    assert (call.trigger, call.correlation_id) == ("command", why.correlation_id)
    for side in ("request", "response"):
        for name in ("headers", "body", "sha256", "truncated"):
            assert getattr(call.body, f"{side}_{name}") == getattr(getattr(told, side), name), (side, name)


@pytest.mark.parametrize(
    ("policy", "until_min", "reply", "kept"),
    [
        (Service.BodyPolicy.NONE, None, LIST, False),
        (Service.BodyPolicy.NONE, None, Reply(400), False),
        (Service.BodyPolicy.FAILURES, None, LIST, False),
        (Service.BodyPolicy.FAILURES, None, Reply(400), True),
        (Service.BodyPolicy.ALL, None, LIST, True),
        (Service.BodyPolicy.ALL, None, Reply(400), True),
        (Service.BodyPolicy.NONE, 5, LIST, True),
        (Service.BodyPolicy.NONE, -5, LIST, False),
    ],
)
def test_bodies_are_kept_as_the_policy_says(
    calling: Service, remote: ScriptedServer, policy: str, until_min: int | None, reply: Reply, kept: bool
) -> None:
    calling.body_policy = policy
    calling.bodies_until = None if until_min is None else timezone.now() + timedelta(minutes=until_min)
    remote.answers(reply)
    with client_for(calling, cause()) as client, suppress(CallError):
        client.check_health()
    assert Call.objects.count() == 1
    assert CallBody.objects.exists() is kept


def test_one_row_is_written_per_attempt_of_a_client(calling: Service, remote: ScriptedServer) -> None:
    remote.answers(Reply(500), Reply(reset=True), LIST)
    why = cause()
    with client_for(calling, why) as client:
        client.check_health()
    calls = list(Call.objects.order_by("attempt"))
    assert [(c.attempt, c.status, c.code) for c in calls] == [
        (1, 500, "server_error"),
        (2, None, "connection_broken"),
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


@contextmanager
def broken_table() -> Iterator[None]:
    """The call log cannot be written."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE integrations_call RENAME TO integrations_call_away")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE integrations_call_away RENAME TO integrations_call")


@pytest.mark.django_db(transaction=True)
def test_a_database_that_fails_while_recording_fails_no_call(
    calling: Service, remote: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    remote.answers(LIST)
    why = cause()
    with client_for(calling, why) as client, broken_table():
        assert client.check_health() == "0 articles."
    (line,) = (record.getMessage() for record in caplog.records if "not recorded" in record.getMessage())
    told = json.loads(line[line.index("{") :])
    assert (told["operation"], told["code"], told["correlation_id"]) == ("check_health", "ok", str(why.correlation_id))


@pytest.mark.django_db(transaction=True)
def test_what_could_not_be_recorded_is_counted_once_the_database_is_back(
    calling: Service, remote: ScriptedServer
) -> None:
    remote.answers(LIST)
    with client_for(calling, cause()) as client:
        with broken_table():
            client.check_health()
            client.check_health()
        client.check_health()
        client.check_health()
    assert Call.objects.count() == 2
    assert ServiceState.objects.get(service=calling).unrecorded_calls == 2


def test_every_call_is_one_line_of_the_log(
    calling: Service, remote: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "integrations.recorder")
    remote.answers(LIST)
    with client_for(calling, cause()) as client:
        client.check_health()
    (line,) = (record.getMessage() for record in caplog.records if record.name == "integrations.recorder")
    assert re.fullmatch(r"call service=cms operation=check_health outcome=ok duration_ms=\d+\.\d", line)


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


def test_what_a_client_blunders_over_is_blanked_before_anybody_logs_it(
    calling: Service, remote: ScriptedServer
) -> None:
    credentials.store(calling, "token", "canary-of-a-blunder-0123456789")

    def blunders() -> None:
        try:
            __import__("canary-of-a-blunder-0123456789")
        except ModuleNotFoundError as first:
            raise ZeroDivisionError("told canary-of-a-blunder-0123456789 to go", 7) from first

    with pytest.raises(ZeroDivisionError) as blunder, transport_for(calling, cause()):
        blunders()
    assert blunder.value.args == (f"told {BLANK} to go", 7)
    assert blunder.value.__cause__
    assert blunder.value.__cause__.args == (f"No module named '{BLANK}'",)
