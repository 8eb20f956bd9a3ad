"""Health checks side by side: one worker makes many, so that a service that hangs delays no other.

While a check runs, those that come due meanwhile are begun beside it. Each has the deadline of its service; after
`TAKES_MORE_S` no more are taken, so that the task ends well before the queue's own limit.
"""

from __future__ import annotations

import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from django.db import connections
from django.utils import timezone

from integrations import leases, probe
from integrations.models import HealthCheck

AT_A_TIME = 8  # each has a connection of its own to the database
TAKES_MORE_S = 30
LOOKS_EVERY_S = 0.5


def run(pk: int) -> None:
    """This check, and whatever else is due until it has ended."""
    begun, ended = {pk}, time.monotonic() + TAKES_MORE_S
    with ThreadPoolExecutor(AT_A_TIME, "check") as pool:
        running = {pool.submit(_in_thread, pk)}
        while running:
            more = _due(begun, AT_A_TIME - len(running)) if time.monotonic() < ended else []
            begun.update(more)
            running |= {pool.submit(_in_thread, other) for other in more}
            running = _still(running)


def _still(running: set[Future[None]]) -> set[Future[None]]:
    """After a moment, or as soon as one has ended; what broke in a thread breaks the task."""
    done, rest = wait(running, LOOKS_EVERY_S, FIRST_COMPLETED)
    for each in done:
        each.result()
    return rest


def _due(begun: set[int], most: int) -> list[int]:
    """Checks that wait for a worker. Index: check_active."""
    waiting = HealthCheck.objects.filter(state=HealthCheck.State.QUEUED, due_at__lte=timezone.now())
    return list(waiting.exclude(pk__in=begun).order_by("due_at").values_list("pk", flat=True)[:most])


def _in_thread(pk: int) -> None:
    try:
        one(pk)
    finally:
        connections.close_all()


def one(pk: int) -> None:
    """One probe, unless somebody else makes it."""
    if lease := leases.claim(HealthCheck, pk):
        probe.run(lease)
