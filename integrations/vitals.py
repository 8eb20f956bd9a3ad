"""How the console itself is: its workers, its queue, its disk, its database, its clock. Asks nobody outside."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ

from integrations import formatting, queue, stats

MOST_WAITING = 1000  # counted no further
CROWDED, OVERFULL = 100, MOST_WAITING
LATE_S, VERY_LATE_S = 60, 600
SCARCE, FULL = 0.15, 0.05  # of the disk that is free
SLOW_MS, VERY_SLOW_MS = 50, 500
SKEWED_S, VERY_SKEWED_S = 2, 30
WORDS = {"good": "Good", "warn": "Look at it", "bad": "Act now"}


@dataclass(frozen=True)
class Vital:
    """One line: a figure with its unit, how good it is, and what to do when it is not."""

    name: str
    value: str
    tone: str
    to_do: str

    @property
    def word(self) -> str:
        """The tone for those who do not see colours."""
        return WORDS[self.tone]


def read() -> list[Vital]:
    """All of them; five small queries."""
    return [look() for look in LOOKS]


def _tone(value: float, warn: float, bad: float) -> str:
    """Of a figure that is worse the larger it is."""
    if value >= bad:
        return "bad"
    return "warn" if value >= warn else "good"


def _worker() -> Vital:
    beat = stats.worker_beat()
    value = f"last sign of life {formatting.ago(beat)}" if beat else "never seen"
    tone = "bad" if stats.worker_is_late(beat) else "good"
    return Vital("Worker", value, tone, "Start manage.py worker. If it runs, its log says what keeps it.")


def _queue() -> Vital:
    number = queue.waiting(MOST_WAITING)
    value = f"{number:,} tasks wait" if number < MOST_WAITING else f"{number:,} tasks or more wait"
    return Vital(
        "Queue", value, _tone(number, CROWDED, OVERFULL), "Raise WORKERS, or start a worker on another machine."
    )


def _oldest() -> Vital:
    waiting = OrmQ.objects.filter(key=Conf.CLUSTER_NAME, lock__lt=timezone.now())
    since: datetime | None = waiting.order_by("pk").values_list("lock", flat=True).first()
    age = (timezone.now() - since).total_seconds() if since else 0
    value = f"waits for {formatting.span(age)}" if since else "nothing waits"
    to_do = "The workers are busy or gone: see what runs now on the dashboard, then raise WORKERS."
    return Vital("Oldest task", value, _tone(age, LATE_S, VERY_LATE_S), to_do)


def _disk() -> Vital:
    folder = next(each for each in (settings.MEDIA_ROOT, *settings.MEDIA_ROOT.parents) if each.exists())
    disk = shutil.disk_usage(folder)
    free = disk.free / disk.total
    value = f"{formatting.size(disk.free)} of {formatting.size(disk.total)} free ({formatting.percent(100 * free)})"
    to_do = "Shorten the retention of services (manage.py retention), or give DATA_DIR a larger disk."
    return Vital("Disk", value, _tone(-free, -SCARCE, -FULL), to_do)


def _database() -> Vital:
    began = time.perf_counter()
    _ask("SELECT 1")
    ms = 1000 * (time.perf_counter() - began)
    size = formatting.size(_database_size())
    to_do = "Look at the load of the database and the network to it; large tables shrink by retention."
    return Vital(
        "Database", f"answers in {formatting.milliseconds(ms)}, {size}", _tone(ms, SLOW_MS, VERY_SLOW_MS), to_do
    )


def _database_size() -> int:
    if connection.vendor == "postgresql":
        return int(_ask("SELECT pg_database_size(current_database())"))
    return int(_ask("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"))


def _clock() -> Vital:
    """Schedules and leases compare stamps of machines; SQLite has none of its own."""
    if connection.vendor != "postgresql":
        return Vital("Clock", "the database has that of this machine", "good", "")
    off = abs((_ask("SELECT clock_timestamp()") - timezone.now()).total_seconds())
    to_do = "Set both clocks by NTP: what is due comes too early or too late, and leases end too soon."
    return Vital("Clock", f"{off:.1f} s apart from the database", _tone(off, SKEWED_S, VERY_SKEWED_S), to_do)


def _ask(question: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()[0]


LOOKS: tuple[Callable[[], Vital], ...] = (_worker, _queue, _oldest, _disk, _database, _clock)
