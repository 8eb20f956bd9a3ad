"""No remote can hold a worker longer, or fill it fuller, than the service allows."""

from __future__ import annotations

import gzip
import time
import tracemalloc
import zlib

import pytest

from integrations.transport.details import CallDetails, Outcome
from integrations.transport.errors import CallError
from tests.transport.conftest import MakeTransport
from tests.transport.server import Reply, ScriptedServer

MIB = 1024 * 1024
GZIP = (("Content-Encoding", "gzip"),)
DRIPS = {
    "body": Reply(body=b"[" + b" " * 2000 + b"]", drip_s=0.05),
    "headers": Reply(drip_head_s=0.2, headers=(("X-Long", "x" * 500),)),
    "nothing": Reply(delay_s=30),
    "compressed body": Reply(body=gzip.compress(b"[" + b" " * 2000 + b"]") + b"\x00" * 2000, headers=GZIP, drip_s=0.05),
    "body that stalls": Reply(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[1, 2", delay_s=0),
}


@pytest.mark.parametrize("drip", DRIPS.values(), ids=DRIPS)
def test_the_deadline_covers_an_answer_that_drips(
    remote: ScriptedServer, transport: MakeTransport, heard: list[CallDetails], drip: Reply
) -> None:
    remote.answers(drip)
    asked_at = time.monotonic()
    with pytest.raises(CallError) as failure:
        transport(deadline_s=0.5, attempts=1).get_json("try", "/")
    assert time.monotonic() - asked_at < 3
    # The one that stalls also hangs up, which a slow machine may see first.
    assert failure.value.outcome in {Outcome.TIMEOUT, Outcome.BROKEN}
    assert failure.value.outcome is Outcome.TIMEOUT or drip.raw
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
    assert failure.value.outcome is Outcome.TOO_LARGE


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "gzip, gzip"])
def test_a_bomb_is_refused_with_memory_flat(remote: ScriptedServer, transport: MakeTransport, encoding: str) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 15 if encoding == "deflate" else 31)
    bomb = b"".join([packer.compress(b"\0" * MIB) for _ in range(100)]) + packer.flush()
    if encoding == "gzip, gzip":
        bomb = gzip.compress(bomb)
    remote.answers(Reply(body=bomb, headers=(("Content-Encoding", encoding),)))
    tracemalloc.start()
    with pytest.raises(CallError) as failure:
        transport(max_bytes=MIB).get_json("try", "/")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert failure.value.outcome is Outcome.TOO_LARGE
    assert peak < 16 * MIB


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
    assert failure.value.outcome is Outcome.BAD_ANSWER
    assert (kind or "unnamed type") in str(failure.value)


@pytest.mark.parametrize("body", [b"", b"  \r\n"])
def test_an_empty_answer_is_no_data(remote: ScriptedServer, transport: MakeTransport, body: bytes) -> None:
    remote.answers(Reply(204, body))
    assert transport().request("try", "DELETE", "/").data is None


@pytest.mark.parametrize("reply", [Reply(cut=True), Reply(body=b"not gzip", headers=GZIP)], ids=["cut", "not gzip"])
def test_an_answer_that_ends_too_early_or_is_mangled_is_broken(
    remote: ScriptedServer, transport: MakeTransport, reply: Reply
) -> None:
    remote.answers(reply)
    with pytest.raises(CallError) as failure:
        transport(attempts=1).get_json("try", "/")
    assert failure.value.outcome is Outcome.BROKEN


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
