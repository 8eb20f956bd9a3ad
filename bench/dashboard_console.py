"""The console of the benchmark of pages: fills its log up to a number of calls, rolls it up, and times its pages.

python dashboard_console.py <rounds> <calls | multiplied | purged>
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from threading import Event, Thread
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
django.setup()

from dashboard_calls import fill, settle  # noqa: E402 - Django must be set up before
from django.contrib.auth.models import User  # noqa: E402 - as above
from django.db import connection  # noqa: E402 - as above
from django.test import Client  # noqa: E402 - as above
from django.utils import timezone  # noqa: E402 - as above

from integrations import latency, retention  # noqa: E402 - as above
from integrations.models import Call, LatencyRollup, RollupMark, Service  # noqa: E402 - as above
from integrations.rollups import histogram, writing  # noqa: E402 - as above
from integrations.rollups.reading import Of  # noqa: E402 - as above
from integrations.rollups.tally import Tally  # noqa: E402 - as above
from integrations.windows import Window  # noqa: E402 - as above

SERVICES = 6
WINDOWS = ("24h", "7d", "30d")
PER_PAGE, FAR = 50, 1000
AT_ONCE = 500
DAYS, PURGE_S = 30, 90.0
EXACT = """
SELECT service_id, {function}(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY duration_ms) FROM integrations_call
WHERE started_at >= %s AND cache NOT IN ('hit', 'stale') AND outcome <> 'not_sent' AND "trigger" <> 'trial'
GROUP BY service_id
"""


def seconds(work: Callable[[], object]) -> float:
    """It takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def prepare() -> Client:
    """Services, and a person who may see all."""
    for number in range(SERVICES - Service.objects.count()):
        Service.objects.create(slug=f"s{number}", name=f"Service {number}", system="rest", base_url="https://a.example")
    person, _new = User.objects.get_or_create(username="bench", is_superuser=True, is_staff=True)
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(person)
    return client


def roll_up() -> None:
    """As many ticks as it takes, without the two minutes in which somebody might still be writing an earlier key."""
    newest = Call.objects.order_by("-pk")[0].pk
    RollupMark.objects.update(seen_id=newest, seen_at=timezone.now() - 2 * writing.SETTLES)
    while not writing.roll_up():
        pass
    settle()


def multiply(by: int) -> None:
    """Make the sums those of so many times as many calls; some at a time, or what it leaves behind slows the pages."""
    found = LatencyRollup.objects.iterator(chunk_size=AT_ONCE)
    while rows := list(islice(found, AT_ONCE)):
        for row in rows:
            tally = Tally.of([vars(row)])
            row.buckets = histogram.pack({bucket: by * count for bucket, count in tally.buckets.items()})
            row.calls, row.total_us = by * row.calls, by * row.total_us
        LatencyRollup.objects.bulk_update(rows, ["buckets", "calls", "total_us"])
    settle()


def pages(client: Client, rounds: int) -> dict[str, float]:
    """Milliseconds of each, the median."""
    failed = {"outcome__exact": "failed", "service__id__exact": str(Service.objects.all()[0].pk)}
    skipped = PER_PAGE * (min(FAR, Call.objects.count() // PER_PAGE) - 1)
    before = Call.objects.order_by("-started_at", "-pk")[skipped - 1]
    asked: dict[str, tuple[str, dict[str, str]]] = {
        **{f"landing page, {name}": ("/admin/", {"window": name}) for name in WINDOWS},
        **{f"latency, {name}": ("/admin/latency/", {"window": name}) for name in WINDOWS},
        **{f"one service, {name}": ("/admin/latency/", {"window": name, "service": "s1"}) for name in WINDOWS},
        "calls, first page": ("/admin/integrations/call/", {}),
        "calls, failed of one": ("/admin/integrations/call/", failed),
        "calls, slow of one": ("/admin/integrations/call/", {**failed, "outcome__exact": "", "slower": "5000"}),
        "calls, thousandth page": ("/admin/integrations/call/", {"p": f"{before.started_at.isoformat()}~{before.pk}"}),
    }
    return {name: _median(client, rounds, *page) for name, page in asked.items()}


def _median(client: Client, rounds: int, address: str, query: dict[str, str]) -> float:
    def ask() -> None:
        answer = client.get(address, query, secure=True)
        assert answer.status_code == 200, f"{address} {query}: {answer.status_code}"

    ask()  # the first compiles templates
    return 1000 * statistics.median(seconds(ask) for _ in range(rounds))


def against_exact() -> dict[str, float]:
    """Thirty days by the database, and by the sums."""
    window = Window.last("30d")
    with connection.cursor() as cursor:
        exact_s = seconds(lambda: cursor.execute(EXACT.format(function="percentile_cont"), [window.since]))
        cursor.execute(EXACT.format(function="percentile_disc"), [window.since])
        exact: dict[int, list[float]] = dict(cursor.fetchall())
    parts = latency.whole(window, Of())
    found = latency.by(parts, latency.by_service)
    errors = [
        abs(ms / wanted - 1)
        for service, values in exact.items()
        for ms, wanted in zip((found[service].p50, found[service].p95, found[service].p99), values, strict=True)
        if ms is not None
    ]
    sums_s = statistics.median(
        seconds(
            lambda: [each.percentiles for each in latency.by(latency.whole(window, Of()), latency.by_service).values()]
        )
        for _ in range(5)
    )
    return {"exact_s": exact_s, "sums_s": sums_s, "worst_error": max(errors)}


def purge(for_s: float) -> dict[str, float]:
    """Forget a tenth of all calls, for about that long, while somebody else updates and inserts all the time."""
    Service.objects.update(retention_days=DAYS - DAYS // 10, keep_bodies_days=1, keep_failures_days=1)
    before, end, is_over, waits = Call.objects.count(), time.monotonic() + for_s, Event(), [0.0]
    other = Thread(target=write_meanwhile, args=(is_over, waits))
    other.start()
    took, batches = [], retention.forget()
    while time.monotonic() < end and (each := timed_next(batches)) is not None:
        took.append(each)
    is_over.set()
    other.join()
    gone = before + len(waits) - 1 - Call.objects.count()
    return {"purged": gone, "purge_s": sum(took), "purge_longest_s": max(took), "purge_others_s": max(waits)}


def timed_next(batches: Iterator[int]) -> float | None:
    """How long one transaction took; None after the last."""
    begin = time.perf_counter()
    return time.perf_counter() - begin if next(batches, None) is not None else None


def write_meanwhile(is_over: Event, waits: list[float]) -> None:
    """Update the calls and insert one, on a connection of its own: how long each time took."""
    call = Call.objects.order_by("-pk")[0]
    while not is_over.wait(0.01):
        call.pk = None
        waits.append(seconds(call.save))
        Call.objects.filter(pk=call.pk).update(error="late")
    connection.close()


def main(rounds: int, step: str) -> dict[str, Any]:
    """Grow, then measure."""
    client, before = prepare(), Call.objects.count()
    if step == "purged":
        return purge(PURGE_S)
    if step == "multiplied":
        generated, rolled = seconds(lambda: multiply(10)), 0.0
    else:
        generated, rolled = seconds(lambda: fill(int(step))), seconds(roll_up)
    calls = Call.objects.count()
    more = (calls - before) or 1
    told: dict[str, Any] = {
        "name": f"{10 * calls:,} (sums)" if step == "multiplied" else f"{calls:,} calls",
        "generated_s": generated,
        "rolled_s": rolled,
        "rolled_s_per_million": rolled / more * 1e6,
        "pages": pages(client, rounds),
    }
    return told | (against_exact() if connection.vendor == "postgresql" and step != "multiplied" else {})


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), sys.argv[2])))
