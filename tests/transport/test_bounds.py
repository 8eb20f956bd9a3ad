"""No remote can hold a worker longer, or fill it fuller, than the service allows."""

from __future__ import annotations

import gzip
import time

import pytest

from integrations.transport.codes import Code
from integrations.transport.details import CallDetails
from integrations.transport.errors import CallError
from tests.transport.conftest import MakeTransport
from tests.transport.server import Reply, ScriptedServer

MIB = 1024 * 1024
GZIP = (("Content-Encoding", "gzip"),)
STALLED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[1, 2"
DRIPS = {
    "body": (Reply(body=b"[" + b" " * 2000 + b"]", drip_s=0.05), Code.DEADLINE),
    "headers": (Reply(drip_head_s=0.2, headers=(("X-Long", "x" * 500),)), Code.DEADLINE),
    "nothing": (Reply(delay_s=30), Code.TIMEOUT),
    "compressed body": (
        Reply(body=gzip.compress(b"[" + b" " * 2000 + b"]") + b"\x00" * 2000, headers=GZIP, drip_s=0.05),
        Code.DEADLINE,
    ),
    "body that stalls": (Reply(raw=STALLED, stall=True), Code.DEADLINE),
    "interim answers": (Reply(raw=b"HTTP/1.1 100 Continue\r\n\r\n" * 2000, drip_s=0.02), Code.DEADLINE),
}


@pytest.mark.parametrize(("drip", "code"), DRIPS.values(), ids=DRIPS)
def test_the_deadline_covers_an_answer_that_drips(
    remote: ScriptedServer, transport: MakeTransport, heard: list[CallDetails], drip: Reply, code: Code
) -> None:
    remote.answers(drip)
    asked_at = time.monotonic()
    with pytest.raises(CallError) as failure:
        transport(deadline_s=0.5, attempts=1).get_json("try", "/")
    assert time.monotonic() - asked_at < 3
    assert failure.value.code is code
    assert f":{remote.port}" in str(failure.value)
    assert len(heard) == 1


def test_a_slow_answer_within_the_deadline_is_read_whole(remote: ScriptedServer, transport: MakeTransport) -> None:
    remote.answers(Reply(body=b"[1, 2, 3]", drip_s=0.02, drip_head_s=0.002))
    assert transport(deadline_s=10.0).get_json("try", "/") == [1, 2, 3]


def test_a_deadline_of_one_answer_does_not_shorten_the_next(
    remote: ScriptedServer, transport: MakeTransport, heard: list[CallDetails]
) -> None:
    remote.answers(Reply(body=b"[1]", delay_s=0.4, keep=True))
    one = transport(deadline_s=1.0, attempts=1)
    assert [one.get_json("try", "/") for _ in range(4)] == [[1]] * 4
    assert len(heard) == 4


@pytest.mark.parametrize(("size", "fits"), [(MIB, True), (MIB + 1, False)])
@pytest.mark.parametrize("compressed", [False, True])
def test_the_limit_is_of_the_body_after_decompression(
    remote: ScriptedServer, transport: MakeTransport, size: int, compressed: bool, fits: bool
) -> None:
    body = b'"' + b"a" * (size - 2) + b'"'
    remote.answers(Reply(body=gzip.compress(body), headers=GZIP) if compressed else Reply(body=body))
    if fits:
        assert len(transport(max_bytes=MIB).request("try", "GET", "/").body) == size
        return
    with pytest.raises(CallError, match="larger than 1 MiB") as failure:
        transport(max_bytes=MIB).get_json("try", "/")
    assert failure.value.code is Code.TOO_LARGE


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<!doctype html><title>Sign in</title>", "text/html"),
        (b"endAt is a required field", "text/plain"),
        (b"{'single': 1}", "application/json"),
        (b"\xff\xfe\x00", ""),
        (b"[" * 100_000, "application/json"),
    ],
)
def test_what_is_no_json_is_said_in_a_sentence(
    remote: ScriptedServer, transport: MakeTransport, body: bytes, kind: str
) -> None:
    remote.answers(Reply(body=body, content_type=kind))
    with pytest.raises(CallError, match="not JSON") as failure:
        transport().get_json("try", "/")
    assert failure.value.code is Code.BAD_ANSWER
    assert (kind or "unnamed type") in str(failure.value)


@pytest.mark.parametrize("body", [b"", b"  \r\n"])
def test_an_empty_answer_is_no_data(remote: ScriptedServer, transport: MakeTransport, body: bytes) -> None:
    remote.answers(Reply(204, body))
    assert transport().request("try", "DELETE", "/").data is None


LENGTHS = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 4\r\n\r\n[1]"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
BROKEN = {
    "cut": (Reply(cut=True), "in the middle of the answer"),
    "half-closed in the body": (Reply(cut=True, half_close=True), "in the middle of the answer"),
    "half-closed in the headers": (
        Reply(raw=b"HTTP/1.1 200 OK\r\nA: b", half_close=True),
        "in the middle of the answer",
    ),
    "half-closed without a word": (Reply(raw=b"", half_close=True), "before an answer came"),
    "reset": (Reply(reset=True), "before an answer came"),
    "no last chunk": (Reply(raw=CHUNKED + b"3\r\n[1]\r\n"), "in the middle of the answer"),
    "chunks of no length": (Reply(raw=CHUNKED + b"many\r\n[1]\r\n0\r\n\r\n"), "in the middle of the answer"),
    "two lengths": (Reply(raw=LENGTHS), "in the middle of the answer"),
    "not gzip": (Reply(body=b"not gzip", headers=GZIP), "cannot be unpacked"),
    "packed too often": (Reply(headers=(("Content-Encoding", ", ".join(["gzip"] * 6)),)), "cannot be unpacked"),
}


@pytest.mark.parametrize(("reply", "sentence"), BROKEN.values(), ids=BROKEN)
def test_an_answer_that_ends_too_early_or_is_mangled_is_broken(
    remote: ScriptedServer, transport: MakeTransport, reply: Reply, sentence: str
) -> None:
    remote.answers(reply)
    with pytest.raises(CallError, match=sentence) as failure:
        transport(attempts=1).get_json("try", "/")
    assert failure.value.code is Code.CONNECTION_BROKEN
    assert f"127.0.0.1:{remote.port}" in str(failure.value)


@pytest.mark.parametrize("packing", ["deflate", "br", "zstd", "gzip, br", "identity, gzip", "junk"])
def test_a_packing_that_was_not_asked_for_is_said(
    remote: ScriptedServer, transport: MakeTransport, packing: str
) -> None:
    remote.answers(Reply(headers=(("Content-Encoding", packing),)))
    with pytest.raises(CallError, match=f"packed as “{packing}”") as failure:
        transport().get_json("try", "/")
    assert failure.value.code is Code.BAD_ANSWER
    assert remote.asked[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize("packing", ["gzip", "x-gzip", "GZIP", "gzip, gzip"])
def test_what_is_packed_is_unpacked(remote: ScriptedServer, transport: MakeTransport, packing: str) -> None:
    body = gzip.compress(b"[1,") + gzip.compress(b"2]")  # of two members
    body = gzip.compress(body) if "," in packing else body
    remote.answers(Reply(body=body, headers=(("Content-Encoding", packing),)))
    assert transport().get_json("try", "/") == [1, 2]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b'{"message": "limit cannot be higher than 20"}', "It answered 400: limit cannot be higher than 20."),
        (b'{"detail": "No such thing."}', "It answered 400: No such thing."),
        (b'{"error": {"code": 1}}', "It answered 400."),
        (b"[1]", "It answered 400."),
        (b"<html>", "It answered 400."),
        (b'{"message": "a\\u0000b\\ud800"}', "It answered 400: a\N{REPLACEMENT CHARACTER}b?."),
    ],
)
def test_what_the_remote_says_of_an_error_is_passed_on(
    remote: ScriptedServer, transport: MakeTransport, body: bytes, sentence: str
) -> None:
    remote.answers(Reply(400, body))
    with pytest.raises(CallError) as failure:
        transport().get_json("try", "/")
    assert str(failure.value) == sentence
