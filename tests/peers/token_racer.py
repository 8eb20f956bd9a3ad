"""A process of the console that calls a guarded service from several threads at a time.

    python -m tests.peers.token_racer <kind> <slug of the service> <threads>

It says that it is ready, waits for a line, and then says of each thread what its call came to.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import django

django.setup()

from django.db import connection  # noqa: E402 - after the setup

from integrations import systems  # noqa: E402 - as above
from integrations.models import Service  # noqa: E402 - as above
from tests.peers import guarded  # noqa: E402 - as above


def race(slug: str, threads: int) -> list[str]:
    """What each call came to; all begin at once."""
    barrier = Barrier(threads)

    def call(_: int) -> str:
        barrier.wait()
        try:
            return guarded.call(Service.objects.get(slug=slug))
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(call, range(threads)))


if __name__ == "__main__":
    kind, slug, threads = sys.argv[1:]
    registry = {"cms": guarded.system(getattr(guarded, kind))}
    systems.all_systems = lambda: registry  # type: ignore[assignment]
    print("ready", flush=True)
    sys.stdin.readline()
    print(*race(slug, int(threads)), sep="\n", flush=True)
