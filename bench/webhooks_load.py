"""Senders of deliveries: each has a connection that stays open, and sends the next when the last was answered."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass

SLUG, SECRET = "github", "a secret of the benchmark"
PATHS = {"bare view": "/bare/", "console": f"/hooks/{SLUG}/"}
COMMITS = 12


@dataclass(frozen=True)
class Took:
    """What a turn came to: seconds in all, and milliseconds of each delivery."""

    seconds: float
    each: list[float]


def body(number: int) -> bytes:
    """A push of about 6 KB, as GitHub sends it; no two are the same."""
    commits = [
        {
            "id": hashlib.sha1(f"{number}-{each}".encode(), usedforsecurity=False).hexdigest(),
            "message": f"Street lamps in winter, part {each}: the count of the second evening",
            "timestamp": "2026-03-05T12:00:00Z",
            "url": f"https://github.example/city/essays/commit/{number}-{each}",
            "author": {"name": "The editors", "email": "editors@city.example", "username": "city-editors"},
            "added": [f"essays/street-lamps-{each}.md"],
            "removed": [],
            "modified": ["essays/index.md", "essays/numbers.md"],
        }
        for each in range(COMMITS)
    ]
    repository = {"full_name": "city/essays", "default_branch": "main"}
    return json.dumps({"ref": "refs/heads/main", "repository": repository, "commits": commits}).encode()


def request(path: str, number: int) -> bytes:
    """Whole, signed, with an id of its own; the bare view gets the same headers."""
    content = body(number)
    signature = hmac.new(SECRET.encode(), content, hashlib.sha256).hexdigest()
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "User-Agent: GitHub-Hookshot/bench",
        "Accept: */*",
        "Content-Type: application/json",
        f"Content-Length: {len(content)}",
        f"X-GitHub-Delivery: bench-{number}",
        "X-GitHub-Event: push",
        f"X-Hub-Signature-256: sha256={signature}",
        "",
        "",
    ]
    return "\r\n".join(lines).encode() + content


def send(port: int, requests: list[bytes], clients: int) -> Took:
    """All of them, by so many clients at once.

    Raises:
        ExceptionGroup: one was not answered with 200.
    """
    return asyncio.run(_send(port, requests, clients))


async def _send(port: int, requests: list[bytes], clients: int) -> Took:
    waiting, each = iter(requests), list[float]()
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(_client(port, waiting, each))
    return Took(time.perf_counter() - began, each)


async def _client(port: int, waiting: Iterator[bytes], each: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for content in waiting:
        began = time.perf_counter()
        writer.write(content)
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(_length(head))
        each.append((time.perf_counter() - began) * 1000)
        if not head.startswith(b"HTTP/1.1 200"):
            raise ValueError(head.decode())
    writer.close()


def _length(head: bytes) -> int:
    lines = (line.partition(b":") for line in head.split(b"\r\n"))
    return next(int(value) for name, _, value in lines if name.lower() == b"content-length")
