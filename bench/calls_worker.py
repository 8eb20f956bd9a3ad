"""What the three candidates have in common: they are told over standard input what to do, and answer in JSON.

Imports nothing outside the standard library, because it also runs in the environment of the peer.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

TOKEN = "bench-0123456789abcdef0123456789abcdef"  # noqa: S105 - opens nothing; both must keep it out of their rows
PARAMETERS = {"limit": 1, "offset": 0}
RESOURCE = "/api/v2/pages/"

Ask = Callable[[str], object]


@dataclass(frozen=True)
class Kept:
    """What a candidate finds in its database afterwards.

    Attributes:
        rows: calls recorded.
        bodies: each different body of an answer as text, with how often it was kept.
        durability: what the database says of how it commits.
        leaks: rows that hold the token in clear.
    """

    rows: int
    bodies: dict[str, int]
    durability: list[str]
    leaks: int


def durability(connection: Any) -> list[str]:
    """What decides whether a commit survives a power failure, as the connection in use answers it."""
    ask = {
        "sqlite": ("PRAGMA journal_mode", "PRAGMA synchronous"),
        "postgresql": ("SHOW synchronous_commit", "SHOW fsync"),
    }
    with connection.cursor() as cursor:
        return [str(cursor.execute(query).fetchone()[0]) for query in ask[connection.vendor]]


def serve(ask: Ask, kept: Callable[[], Kept] | None = None) -> None:
    """Answer each line: the times of so many calls of that address, or what was kept of them."""
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        answer: object
        if order["do"] == "call":
            answer = _times_us(ask, order["url"], order["calls"])
        else:
            answer = asdict(kept()) if kept else None
        print(json.dumps(answer), flush=True)


def _times_us(ask: Ask, url: str, calls: int) -> list[float]:
    return [_time_us(ask, url) for _ in range(calls)]


def _time_us(ask: Ask, url: str) -> float:
    started = time.perf_counter()
    ask(url)
    return (time.perf_counter() - started) * 1e6
