"""Callers of one cacheable question: in this process, or in one of their own.

python -m tests.answers.asking <slug> <callers>    asks from so many threads at once and prints what each got
"""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from urllib.parse import urlsplit

from django.db import connection
from django.db.models import F

from integrations.connections import transport_for
from integrations.models import CachedAnswer, Call, Service
from integrations.recorder import Cause
from integrations.transport.answer import Answer
from integrations.transport.cache import Cache
from integrations.transport.errors import CallError, Parked
from tests.commands import PROJECT

HOUR = Cache(3600)
STAND_IN = Cache(3600, stale_if_error_s=3600)
NEGATIVE = Cache(3600, keep_not_found=True)


def grow_old(seconds: float) -> None:
    """As if everything had been kept that long ago."""
    past = timedelta(seconds=seconds)
    stamps = ("stored_at", "fresh_until", "usable_until", "held_until")
    CachedAnswer.objects.update(**{name: F(name) - past for name in stamps})


def told() -> list[tuple[str, str, int | None]]:
    """Of every call, in order: how the cache took part, code, status."""
    return list(Call.objects.order_by("id").values_list("cache", "code", "status"))


def cause() -> Cause:
    return Cause(Call.Trigger.COMMAND, uuid.uuid4())


def ask(
    service: Service, cache: Cache | None = HOUR, path: str = "/thing", method: str = "GET", **content: Any
) -> Answer:
    """One caller with a transport of its own."""
    with transport_for(service, cause()) as transport:
        return transport.request("look_up", method, path, cache, **content)


def outcome(service: Service, start: Barrier, cache: Cache) -> str:
    """What one of many gets: the data, or the code or word of what was raised."""
    try:
        with transport_for(service, cause()) as transport:
            start.wait(timeout=60)
            return repr(transport.get_json("look_up", "/thing", cache=cache))
    except CallError as error:
        return str(error.code)
    except Parked:
        return "parked"
    finally:
        connection.close()


def ask_at_once(service: Service, callers: int, cache: Cache = HOUR) -> list[str]:
    """What each of so many threads gets."""
    start = Barrier(callers)
    with ThreadPoolExecutor(callers) as pool:
        return list(pool.map(lambda _: outcome(service, start, cache), range(callers)))


def process(service: Service, callers: int) -> subprocess.Popen[str]:
    """The same in another process, on the database of the test."""
    run = f"import django; django.setup(); from tests.answers.asking import main; main({service.slug!r}, {callers})"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": _database_url()}
    return subprocess.Popen(
        [sys.executable, "-c", run], cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True
    )


def _database_url() -> str:
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


def main(slug: str, callers: int) -> None:
    """What the other process runs."""
    print("\n".join(ask_at_once(Service.objects.get(slug=slug), callers)))
