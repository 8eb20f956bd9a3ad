"""No answer costs more memory than it may, however it is packed: measured from outside, in a process of its own."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import zlib
from functools import cache

import pytest

from tests.commands import PROJECT
from tests.transport.server import Reply, ScriptedServer

MIB = 1024 * 1024
ZEROS_MIB = 300
# VmHWM and not getrusage, whose figure begins with the size of the process that started this one.
FETCH = """
import json, re, sys
from pathlib import Path
from integrations.transport.errors import CallError
from integrations.transport.http import Transport
from integrations.transport.settings import Settings

def peak_mib():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024

with Transport(Settings(sys.argv[1], max_bytes=int(sys.argv[2]) * 1024 * 1024, attempts=1)) as transport:
    transport.request("warm up", "GET", "/", raw=True)
    before, code = peak_mib(), "ok"
    try:
        transport.request("fetch", "GET", "/", raw=True)
    except CallError as error:
        code = error.code
print(json.dumps([code, peak_mib() - before]))
"""


def packed_zeros(wbits: int = 31) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    return b"".join([packer.compress(bytes(MIB)) for _ in range(ZEROS_MIB)]) + packer.flush()


@cache
def bomb_of(packing: str) -> bytes:
    """Packing it takes longer than finding out."""
    if packing == "members":  # one after the other, each small
        return gzip.compress(bytes(MIB)) * ZEROS_MIB
    bomb = packed_zeros(15 if packing == "deflate" else 31)
    return gzip.compress(bomb) if packing == "gzip, gzip" else bomb


def fetched(remote: ScriptedServer, reply: Reply, max_mib: int) -> tuple[str, float]:
    """What it came to, and the MiB it took at most."""
    remote.answers(Reply(body=gzip.compress(b"[]"), headers=(("Content-Encoding", "gzip"),)), reply)
    command = [sys.executable, "-c", FETCH, remote.url, str(max_mib)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=120, check=True)
    code, growth = json.loads(done.stdout)
    return code, growth


@pytest.mark.parametrize("max_mib", [1, 5, 100])
@pytest.mark.parametrize("packing", ["gzip", "gzip, gzip", "members", "deflate"])
def test_a_bomb_costs_less_than_16_mib(remote: ScriptedServer, packing: str, max_mib: int) -> None:
    encoding = "gzip" if packing == "members" else packing
    code, growth = fetched(remote, Reply(body=bomb_of(packing), headers=(("Content-Encoding", encoding),)), max_mib)
    assert code == ("bad_answer" if packing == "deflate" else "too_large")
    assert growth < 16


def test_chunks_of_two_bytes_cost_no_more_than_their_bytes(remote: ScriptedServer) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    code, growth = fetched(remote, Reply(raw=head + b"2\r\n[]\r\n" * 500_000 + b"0\r\n\r\n"), 5)
    assert code == "ok"
    assert growth < 16


def test_an_honest_answer_is_read_whole_and_seen_by_the_meter(remote: ScriptedServer) -> None:
    code, growth = fetched(remote, Reply(body=b"x" * 32 * MIB), 100)
    assert code == "ok"
    assert growth > 30
