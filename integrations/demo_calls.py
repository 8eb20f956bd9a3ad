"""Thirty days of calls that the demonstration services might have made: with nights, an outage and a slow afternoon."""

from __future__ import annotations

import math
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from integrations.models import Call, Service
from integrations.transport.codes import Code

DAYS = 30
HOUR_S = 3600


@dataclass(frozen=True)
class Operation:
    """What a service is asked.

    Attributes:
        median_ms: of its latency, which is log-normal; `spread` is its sigma.
        an_hour: how often by day; by night a third of that.
        cached: how much of it the cache answers.
    """

    name: str
    median_ms: float
    spread: float
    an_hour: float
    method: str = "GET"
    cached: float = 0.0


OPERATIONS: dict[str, tuple[Operation, ...]] = {
    "cms": (
        Operation("list_articles", 130, 0.4, 12),
        Operation("article", 85, 0.45, 30, cached=0.35),
        Operation("probe", 60, 0.3, 12),
    ),
    "github": (
        Operation("commits", 240, 0.5, 8),
        Operation("file", 160, 0.4, 35),
        Operation("tree", 310, 0.45, 6),
        Operation("probe", 95, 0.3, 12),
    ),
    "filemaker": (
        Operation("log_in", 190, 0.35, 4, "POST"),
        Operation("find_records", 380, 0.55, 28, "POST"),
        Operation("records", 270, 0.5, 14),
        Operation("probe", 110, 0.3, 12),
    ),
    "geocoding": (Operation("find", 290, 0.5, 18, cached=0.2), Operation("probe", 80, 0.3, 12)),
}
# What sometimes goes wrong, on any day.
ODD = ((Code.SERVER_ERROR, 503), (Code.TIMEOUT, None), (Code.RATE_LIMITED, 429), (Code.NOT_FOUND, 404))
ODDS = 0.006
OUTAGE, OUTAGE_HOURS = "github", 3  # six days ago, in the morning
SLOW, SLOW_OPERATION, SLOWER = "filemaker", "find_records", 4.5  # two days ago, in the afternoon


def calls(service: Service, until: datetime, seed: int) -> Iterator[dict[str, Any]]:
    """Rows of the call log, oldest first; the same for the same seed."""
    chance = random.Random(f"{seed} {service.system}")  # noqa: S311 - believable, not secret
    since = until - timedelta(days=DAYS)
    for hour in range(DAYS * 24):
        begin = since + timedelta(hours=hour)
        made = [
            row
            for operation in OPERATIONS[service.system]
            for _ in range(_how_many(chance, operation, begin))
            for row in _attempts(chance, service, operation, begin, until)
        ]
        yield from sorted(made, key=lambda row: row["started_at"])


def _how_many(chance: random.Random, operation: Operation, begin: datetime) -> int:
    by_day = 1 if 7 <= begin.hour < 19 else 1 / 3
    weekday = 1 if begin.weekday() < 5 else 0.45
    steady = 1 if operation.name == "probe" else by_day * weekday
    return int(chance.gauss(operation.an_hour * steady, math.sqrt(operation.an_hour * steady)) + 0.5)


def _attempts(
    chance: random.Random, service: Service, operation: Operation, begin: datetime, until: datetime
) -> Iterator[dict[str, Any]]:
    """One call, and once more where the first attempt failed in a way that may pass."""
    at = begin + timedelta(seconds=chance.random() * HOUR_S)
    chain = uuid.UUID(int=chance.getrandbits(128), version=4)
    for attempt in (1, 2):
        row = _row(chance, service, operation, at, until)
        yield {**row, "attempt": attempt, "chain": chain, "correlation_id": chain}
        if row["code"] not in {Code.SERVER_ERROR, Code.TIMEOUT, Code.CONNECTION_REFUSED}:
            return
        at += timedelta(milliseconds=row["duration_ms"] + 250)


def _row(
    chance: random.Random, service: Service, operation: Operation, at: datetime, until: datetime
) -> dict[str, Any]:
    code, status = _came_to(chance, service, at, until)
    cache = Call.Cache.HIT if code == Code.OK and chance.random() < operation.cached else ""
    ms = 0.4 if cache else _took(chance, service, operation, at, until)
    if code == Code.CONNECTION_REFUSED:
        ms = chance.uniform(1, 4)
    elif code == Code.TIMEOUT:
        ms = service.deadline_s * 1000 + chance.uniform(1, 30)
    return {
        "service": service,
        "operation": operation.name,
        "method": operation.method,
        "url": f"{service.base_url}/{operation.name}",
        "status": status,
        "outcome": code.outcome,
        "code": code,
        "error": "" if code == Code.OK else code.label,
        "cache": cache,
        "started_at": at,
        "duration_ms": ms,
        "first_byte_ms": ms * 0.8,
        "download_ms": ms * 0.2,
        "response_bytes": int(chance.lognormvariate(8, 1)) if code == Code.OK else 0,
        "trigger": Call.Trigger.CHECK if operation.name == "probe" else Call.Trigger.SYNC,
    }


def _came_to(chance: random.Random, service: Service, at: datetime, until: datetime) -> tuple[Code, int | None]:
    down = _day(until, 6) + timedelta(hours=9)
    if service.system == OUTAGE and down <= at < down + timedelta(hours=OUTAGE_HOURS):
        return chance.choice(((Code.SERVER_ERROR, 502), (Code.SERVER_ERROR, 503), (Code.CONNECTION_REFUSED, None)))
    return chance.choice(ODD) if chance.random() < ODDS else (Code.OK, 200)


def _took(chance: random.Random, service: Service, operation: Operation, at: datetime, until: datetime) -> float:
    ms = chance.lognormvariate(math.log(operation.median_ms), operation.spread)
    busy = 1 + 0.35 * math.exp(-(((at.hour + at.minute / 60) - 13) ** 2) / 18)
    slow = _day(until, 2) + timedelta(hours=13)
    is_slow = (service.system, operation.name) == (SLOW, SLOW_OPERATION) and slow <= at < slow + timedelta(hours=4)
    return ms * busy * (SLOWER if is_slow else 1)


def _day(until: datetime, ago: int) -> datetime:
    return (until - timedelta(days=ago)).replace(hour=0, minute=0, second=0, microsecond=0)
