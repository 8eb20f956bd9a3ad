"""What is tried again, and what never; what is waited for, and what parks."""

from __future__ import annotations

import gzip
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from integrations.transport.codes import Code
from integrations.transport.details import CallDetails
from integrations.transport.errors import CallError, Parked
from integrations.transport.http import Transport
from integrations.transport.settings import Settings
from tests.transport.conftest import MakeTransport
from tests.transport.server import Reply, ScriptedServer, closed_port

HARMLESS = ("GET", "HEAD", "OPTIONS", "PUT", "DELETE")
HARMFUL = ("POST", "PATCH")
MIB = 1024 * 1024

PAST = "Sun, 01 Mar 2026 12:00:00 GMT"

NEVER_ARRIVED = {
    "too many requests": (Reply(429), Code.RATE_LIMITED),
    "too many until a moment ago": (Reply(429, headers=(("Retry-After", PAST),)), Code.RATE_LIMITED),
    "unavailable for a while": (Reply(503, headers=(("Retry-After", "0"),)), Code.RATE_LIMITED),
    "unavailable until a moment ago": (Reply(503, headers=(("Retry-After", PAST),)), Code.RATE_LIMITED),
}
UNSEEN = {
    "no answer in time": (Reply(delay_s=0.6), Code.TIMEOUT),
    "reset": (Reply(reset=True), Code.CONNECTION_BROKEN),
    "closed without a word": (Reply(raw=b""), Code.CONNECTION_BROKEN),
    "garbage": (Reply(raw=b"\x00\xff not HTTP at all\r\n\r\n"), Code.CONNECTION_BROKEN),
    "headers that drip": (Reply(drip_head_s=0.05), Code.DEADLINE),
}
UNSEEN_BODY = {
    "fewer bytes than declared": (Reply(cut=True), Code.CONNECTION_BROKEN),
    "half closed in the middle": (Reply(cut=True, half_close=True), Code.CONNECTION_BROKEN),
    "a body that drips": (Reply(drip_s=0.05), Code.DEADLINE),
}
SAID_SO = {
    "server error": (Reply(500), Code.SERVER_ERROR),
    "bad gateway": (Reply(502, b"<html>", content_type="text/html"), Code.SERVER_ERROR),
    "unavailable": (Reply(503), Code.SERVER_ERROR),
}
FINAL = {
    "bad request": (Reply(400), Code.HTTP_ERROR),
    "not authorised": (Reply(401), Code.AUTH_FAILED),
    "forbidden": (Reply(403), Code.FORBIDDEN),
    "not found": (Reply(404), Code.NOT_FOUND),
    "conflict": (Reply(409), Code.CONFLICT),
    "moved": (Reply(301, headers=(("Location", "http://elsewhere.invalid/"),)), Code.REDIRECTED),
    "moved, but where": (Reply(301), Code.REDIRECTED),
}
BODY_FAULTS = {
    "not JSON": (Reply(body=b"<!doctype html>", content_type="text/html"), Code.BAD_ANSWER),
    "too large": (Reply(body=b"1" * (MIB + 1)), Code.TOO_LARGE),
    "a bomb": (Reply(body=gzip.compress(b"0" * 9 * MIB), headers=(("Content-Encoding", "gzip"),)), Code.TOO_LARGE),
}


def deadline_for(reply: Reply) -> float:
    """Short of what the reply takes; where it drips, long enough for its first byte on a busy machine."""
    return 0.4 if reply.drip_s or reply.drip_head_s else 0.2 if reply.delay_s else 10.0


def rows(table: dict[str, tuple[Reply, Code]], methods: tuple[str, ...], arrivals: int) -> list[object]:
    return [
        pytest.param(reply, code, method, arrivals, id=f"{name}-{method}")
        for name, (reply, code) in table.items()
        for method in methods
    ]


@pytest.mark.usefixtures("without_waiting")
@pytest.mark.parametrize(
    ("reply", "code", "method", "arrivals"),
    [
        *rows(NEVER_ARRIVED, HARMLESS + HARMFUL, 3),
        *rows(UNSEEN | SAID_SO, HARMLESS, 3),
        *rows(UNSEEN_BODY, ("GET", "OPTIONS", "PUT", "DELETE"), 3),
        *rows(SAID_SO, HARMFUL, 1),
        *rows({name: (reply, Code.OUTCOME_UNKNOWN) for name, (reply, _) in (UNSEEN | UNSEEN_BODY).items()}, HARMFUL, 1),
        *rows(FINAL, HARMLESS + HARMFUL, 1),
        *rows(BODY_FAULTS, ("GET", "PUT", "POST"), 1),
    ],
)
def test_only_what_does_no_harm_is_tried_again(
    remote: ScriptedServer,
    transport: MakeTransport,
    heard: list[CallDetails],
    reply: Reply,
    code: Code,
    method: str,
    arrivals: int,
) -> None:
    remote.answers(reply)
    deadline_s = deadline_for(reply)
    with pytest.raises(CallError) as failure:
        transport(deadline_s=deadline_s, max_bytes=MIB).request("try", method, "/thing", payload={"a": 1})
    assert failure.value.code is code
    assert failure.value.for_staff().endswith(".")
    assert remote.arrivals(arrivals) == arrivals
    assert [details.code for details in heard] == [code] * arrivals


@pytest.mark.usefixtures("without_waiting")
@pytest.mark.parametrize("method", [*HARMLESS, *HARMFUL])
def test_a_refused_connection_is_tried_again_whatever_the_method(method: str, heard: list[CallDetails]) -> None:
    settings = Settings(base_url=f"http://127.0.0.1:{closed_port()}")
    with Transport(settings, (heard.append,)) as nobody, pytest.raises(CallError, match="refused"):
        nobody.request("try", method, "/")
    assert [(details.code, details.status) for details in heard] == [(Code.CONNECTION_REFUSED, None)] * 3


@pytest.mark.usefixtures("without_waiting")
@pytest.mark.parametrize("method", HARMFUL)
@pytest.mark.parametrize("reply", [reply for reply, _ in (UNSEEN | UNSEEN_BODY | SAID_SO).values()])
def test_a_key_that_makes_it_happen_once_lets_it_be_tried_again(
    remote: ScriptedServer, transport: MakeTransport, reply: Reply, method: str
) -> None:
    remote.answers(reply, reply, Reply())
    deadline_s = deadline_for(reply)
    transport(deadline_s=deadline_s, idempotency_header="Idempotency-Key").request("try", method, "/", payload={})
    assert len(remote.asked) == 3
    assert len({asked.headers["idempotency-key"] for asked in remote.asked}) == 1


@pytest.mark.usefixtures("without_waiting")
@pytest.mark.parametrize("method", HARMFUL)
def test_what_is_declared_to_do_no_more_when_done_twice_is_tried_again(
    remote: ScriptedServer, transport: MakeTransport, method: str
) -> None:
    remote.answers(Reply(reset=True), Reply(500), Reply())
    transport().request("try", method, "/", payload={}, repeatable=True)
    assert len(remote.asked) == 3


def test_a_request_that_may_be_repeated_anyway_carries_no_key(remote: ScriptedServer, transport: MakeTransport) -> None:
    transport(idempotency_header="Idempotency-Key").request("try", "PUT", "/", payload={})
    assert "idempotency-key" not in remote.asked[0].headers


def test_what_nobody_can_know_is_said(remote: ScriptedServer, transport: MakeTransport) -> None:
    remote.answers(Reply(reset=True))
    with pytest.raises(CallError, match="Whether it was carried out is unknown") as failure:
        transport().request("try", "POST", "/", payload={})
    assert "look at the remote" in failure.value.for_staff()


@pytest.mark.usefixtures("without_waiting")
def test_a_success_after_failures_is_a_success(remote: ScriptedServer, transport: MakeTransport) -> None:
    remote.answers(Reply(500), Reply(429), Reply(body=b"[1]"))
    assert transport().get_json("try", "/") == [1]
    assert len(remote.asked) == 3


@pytest.mark.usefixtures("without_waiting")
@pytest.mark.parametrize("attempts", [1, 2, 5])
def test_attempts_are_capped_by_the_service(remote: ScriptedServer, transport: MakeTransport, attempts: int) -> None:
    remote.answers(Reply(500))
    with pytest.raises(CallError):
        transport(attempts=attempts).get_json("try", "/")
    assert len(remote.asked) == attempts


@pytest.mark.parametrize("wait", ["11", "10.5", "3600", "a date in ten minutes"])
@pytest.mark.parametrize("status", [429, 503])
def test_a_long_wait_parks_at_once_and_says_until_when(
    remote: ScriptedServer, transport: MakeTransport, heard: list[CallDetails], wait: str, status: int
) -> None:
    in_ten_minutes = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)
    remote.answers(Reply(status, headers=(("Retry-After", in_ten_minutes if "date" in wait else wait),)))
    asked_at = time.monotonic()
    with pytest.raises(Parked, match=str(status)) as parked:
        transport().get_json("try", "/")
    assert time.monotonic() - asked_at < 8
    seconds = 600.0 if "date" in wait else float(wait)
    assert seconds - 30 < (parked.value.until - datetime.now(UTC)).total_seconds() <= seconds
    assert len(remote.asked) == len(heard) == 1


@pytest.mark.parametrize("wait", ["0.3", "1"])
def test_a_short_wait_is_kept(remote: ScriptedServer, transport: MakeTransport, wait: str) -> None:
    remote.answers(Reply(429, headers=(("Retry-After", wait),)), Reply())
    asked_at = time.monotonic()
    transport().get_json("try", "/")
    assert time.monotonic() - asked_at >= float(wait)


@pytest.mark.usefixtures("without_waiting")
@pytest.mark.parametrize("wait", ["abc", "-5", "NaN", "inf", "1e999", "", "Mon, 99 Foo 2026", "9" * 400])
def test_junk_for_a_wait_counts_as_none(remote: ScriptedServer, transport: MakeTransport, wait: str) -> None:
    remote.answers(Reply(429, headers=(("Retry-After", wait),)), Reply())
    assert transport().get_json("try", "/") == {"fine": True}


@pytest.mark.parametrize(("method", "status"), [("GET", 404), ("GET", 301), ("GET", 400), ("POST", 500)])
def test_what_is_not_tried_again_is_not_parked_either(
    remote: ScriptedServer, transport: MakeTransport, method: str, status: int
) -> None:
    remote.answers(Reply(status, headers=(("Retry-After", "60"),)))
    with pytest.raises(CallError) as failure:
        transport().request("try", method, "/")
    assert failure.value.status == status
