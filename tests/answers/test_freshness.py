"""How long an answer is given without asking, and when it stands in for a service that fails."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations import ops
from integrations.connections import transport_for
from integrations.models import CachedAnswer, Call, Service, ServiceState
from integrations.transport import keeping
from integrations.transport.cache import Cache
from integrations.transport.codes import Code
from integrations.transport.errors import CallError, Parked
from tests.answers.asking import HOUR, STAND_IN, ask, cause, grow_old, told
from tests.transport.server import Reply, ScriptedServer

ONE, TWO = Reply(body=b'{"n": 1}'), Reply(body=b'{"n": 2}')
ETAG, SINCE = '"v1"', "Sun, 01 Mar 2026 12:00:00 GMT"


def test_what_is_fresh_is_given_without_asking_and_told(service: Service, remote: ScriptedServer) -> None:
    remote.answers(Reply(body=b'{"n": 1}', headers=(("Link", "</2>; rel=next"), ("X-Other", "x"))), TWO)
    first = ask(service, params={"q": "a"})
    second = ask(service, params={"q": "a"})
    assert len(remote.asked) == 1
    assert (second.data, second.body, second.status, second.url) == (first.data, first.body, 200, first.url)
    assert (second.headers["link"], second.headers["content-type"]) == ("</2>; rel=next", "application/json")
    assert (first.as_of, second.as_of) == (None, None)
    assert told() == [("", "ok", 200), ("hit", "ok", 200)]
    asked, hit = Call.objects.order_by("id")
    assert (hit.operation, hit.method, hit.url) == ("look_up", "GET", asked.url)
    assert (hit.response_bytes, hit.chain == asked.chain) == (8, False)
    assert 0 < hit.duration_ms < 60_000
    row = CachedAnswer.objects.get()
    assert (row.hits, row.operation, row.holder) == (1, "look_up", None)
    assert set(row.headers) == {"Content-Type", "Link", keeping.CAME_FROM}


def test_half_a_character_is_a_failed_call_and_no_crash(service: Service, remote: ScriptedServer) -> None:
    for _ in range(2):
        with pytest.raises(CallError) as failure:
            ask(service, params={"q": "\udc80"})
        assert failure.value.code is Code.NOT_SENDABLE
    assert told() == [("", "not_sendable", None)] * 2
    assert remote.asked == []


def test_what_is_not_declared_is_not_kept(service: Service, remote: ScriptedServer) -> None:
    remote.answers(ONE, TWO)
    assert [ask(service, None).data, ask(service, None).data] == [{"n": 1}, {"n": 2}]
    assert not CachedAnswer.objects.exists()


def test_what_has_expired_is_asked_again(service: Service, remote: ScriptedServer) -> None:
    remote.answers(ONE, TWO)
    ask(service)
    grow_old(3599)
    assert ask(service).data == {"n": 1}
    grow_old(2)
    assert ask(service).data == {"n": 2}
    assert ask(service).data == {"n": 2}
    assert CachedAnswer.objects.count() == 1


def test_no_store_of_the_remote_does_not_undo_the_declaration(service: Service, remote: ScriptedServer) -> None:
    remote.answers(Reply(body=b"1", headers=(("Cache-Control", "no-store, private, max-age=0"),)), TWO)
    assert [ask(service).data, ask(service).data] == [1, 1]


@pytest.mark.parametrize(
    ("says", "asks"),
    [(("ETag", ETAG), "if-none-match"), (("Last-Modified", SINCE), "if-modified-since")],
)
def test_what_has_expired_is_asked_about_where_that_can_be(
    service: Service, remote: ScriptedServer, says: tuple[str, str], asks: str
) -> None:
    remote.answers(Reply(body=b'{"n": 1}', headers=(says,)), Reply(304, b""), TWO)
    kind = {"Accept": "text/x"}
    ask(service, headers=kind)
    grow_old(3601)
    again = ask(service, headers=kind)
    assert (again.data, again.status, again.as_of) == ({"n": 1}, 200, None)
    assert asks not in remote.asked[0].headers
    assert (remote.asked[1].headers[asks], remote.asked[1].headers["accept"]) == (says[1], "text/x")
    assert ask(service, headers=kind).data == {"n": 1}, "it is fresh again"
    assert told() == [("", "ok", 200), ("revalidated", "ok", 304), ("hit", "ok", 200)]
    grow_old(3601)
    assert ask(service, headers=kind).data == {"n": 2}, "it has changed"


def test_not_modified_where_nothing_is_kept_is_passed_on(service: Service, remote: ScriptedServer) -> None:
    remote.answers(Reply(304, b""))
    assert [ask(service).status, ask(service).status] == [304, 304]
    assert not CachedAnswer.objects.exclude(status=None).exists()


OUTAGES = {
    "server error": (Reply(500), "server_error"),
    "no answer in time": (Reply(delay_s=2), "timeout"),
    "reset": (Reply(reset=True), "connection_broken"),
    "rate limited": (Reply(429, headers=(("Retry-After", "0"),)), "rate_limited"),
    "no JSON": (Reply(body=b"<html>"), "bad_answer"),
}


@pytest.mark.parametrize(("reply", "code"), OUTAGES.values(), ids=OUTAGES)
def test_a_service_that_fails_is_stood_in_for_with_the_age_said(
    service: Service, remote: ScriptedServer, reply: Reply, code: str
) -> None:
    remote.answers(ONE, reply)
    ask(service, STAND_IN)
    grow_old(3601)
    before = CachedAnswer.objects.values().get()
    answer = ask(service, STAND_IN)
    assert (answer.data, answer.as_of) == ({"n": 1}, before["stored_at"])
    failed, stale = Call.objects.order_by("id")[1:]
    assert (failed.code, failed.cache, stale.code, stale.cache, stale.status) == (code, "", "ok", "stale", 200)
    assert failed.chain == stale.chain
    after = CachedAnswer.objects.values().get()
    changes = {"hits": 1, "held_until": after["held_until"]}
    assert after == {**before, **changes}, "what is kept stays as it was"


def test_a_long_wait_is_stood_in_for(service: Service, remote: ScriptedServer) -> None:
    remote.answers(ONE, Reply(429, headers=(("Retry-After", "600"),)))
    ask(service, STAND_IN)
    grow_old(3601)
    assert ask(service, STAND_IN).as_of
    with pytest.raises(Parked):
        ask(service)


def test_an_open_circuit_and_a_pause_are_stood_in_for(service: Service, remote: ScriptedServer) -> None:
    ask(service, STAND_IN)
    ops.hold_circuit_open(service)
    assert ask(service, STAND_IN).as_of is None, "what is fresh needs no circuit"
    grow_old(3601)
    assert ask(service, STAND_IN).as_of
    with pytest.raises(CallError, match="circuit of Articles is open"):
        ask(service, STAND_IN, path="/other")
    assert told() == [
        ("", "ok", 200),
        ("hit", "ok", 200),
        ("", "circuit_open", None),
        ("stale", "ok", 200),
        ("", "circuit_open", None),
    ]
    ops.close_circuit(service)
    ServiceState.objects.update(limited_until=timezone.now() + timedelta(hours=1))
    assert ask(service, STAND_IN).as_of
    assert len(remote.asked) == 1


@pytest.mark.parametrize(("cache", "age_s"), [(HOUR, 3601), (STAND_IN, 7201)], ids=["none declared", "past its window"])
def test_nothing_stands_in_beyond_the_window(
    service: Service, remote: ScriptedServer, cache: Cache, age_s: float
) -> None:
    remote.answers(ONE, Reply(500))
    ask(service, cache)
    grow_old(age_s)
    with pytest.raises(CallError, match="500"):
        ask(service, cache)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_what_the_service_rejects_is_not_glossed_over(service: Service, remote: ScriptedServer, status: int) -> None:
    remote.answers(ONE, Reply(status), Reply(500))
    ask(service, STAND_IN)
    grow_old(3601)
    with pytest.raises(CallError, match=str(status)):
        ask(service, STAND_IN)
    with pytest.raises(CallError, match="500"):
        ask(service, STAND_IN)


def statements(act: Any) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        act()
    return [query["sql"].split()[0] for query in queries if "integrations_cachedanswer" in query["sql"]]


def test_queries_are_few(service: Service, remote: ScriptedServer) -> None:
    remote.answers(ONE, Reply(body=b"1", headers=(("ETag", ETAG),)), Reply(304, b""))
    with transport_for(service, cause()) as transport:

        def once() -> None:
            transport.get_json("look_up", "/thing", cache=HOUR)

        assert statements(once) == ["SELECT", "INSERT", "SELECT", "UPDATE"]
        assert statements(once) == statements(once) == ["SELECT"]
        grow_old(3601)
        assert statements(once) == ["SELECT", "UPDATE", "UPDATE"]
        grow_old(3601)
        assert statements(once) == ["SELECT", "UPDATE", "UPDATE"]
        for _ in range(3):
            once()
    assert CachedAnswer.objects.get().hits == 5


@pytest.mark.django_db(transaction=True)
def test_a_database_that_fails_fails_no_call(service: Service, remote: ScriptedServer) -> None:
    remote.answers(ONE, TWO)

    def fail(execute: Any, sql: str, *args: Any) -> Any:
        if "integrations_cachedanswer" in sql:
            sql = "SELECT nothing FROM nowhere"
        return execute(sql, *args)

    with connection.execute_wrapper(fail), transport_for(service, cause()) as transport:
        assert transport.get_json("look_up", "/thing", cache=HOUR) == {"n": 1}
    assert len(remote.asked) == 1
