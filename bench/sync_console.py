"""The console itself: its own settings, a service of the REST system, its worker's own task, a run at a time."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "console.settings"
django.setup()

from django.db.backends.base.base import BaseDatabaseWrapper  # noqa: E402 - Django needs its settings first
from sync_stages import Stages  # noqa: E402 - as above

from integrations import ops, tasks  # noqa: E402 - as above
from integrations.models import Call, Record, Service, SyncRun  # noqa: E402 - as above
from integrations.sync import engine, reading, upsert  # noqa: E402 - as above
from integrations.systems.rest import streams  # noqa: E402 - as above
from integrations.transport import failures, http  # noqa: E402 - as above

OPTIONS = {"resource_path": "/records", "pagination": "cursor", "page_size": 100, "total_path": "total"}
PATHS = {"title_path": "title", "modified_path": "updated_at", "since_parameter": "since"}


def service(url: str) -> Service:
    """The one that copies this source."""
    found, _ = Service.objects.update_or_create(
        slug="bench",
        defaults={
            "name": "Bench",
            "system": "rest",
            "base_url": url,
            "options": {"sign_in": "none", **OPTIONS, **PATHS},
        },
    )
    return found


def sync(url: str, *, full: bool) -> SyncRun:
    """A run of everything or of changes alone, slice after slice as a worker takes them, until it has ended."""
    stream = service(url).streams.get(name="records")
    run = ops.sync(stream, SyncRun.Trigger.COMMAND, full=full)
    while run.state in SyncRun.ACTIVE:
        tasks.run_sync(str(run.pk))
        run.refresh_from_db()
    return run


def clocks() -> Stages:
    """Around what lies between the stages."""
    stages = Stages()
    stages.time(http.Transport, "request", "fetch")
    stages.time(failures, "parsed", "parse and map")
    stages.time_items(streams, "_pages", "parse and map")
    stages.time(upsert, "hashes", "compare")
    stages.time(reading, "comparable", "compare")
    stages.time(engine, "_write", "write")
    stages.time(BaseDatabaseWrapper, "_commit", "commit")
    return stages


def main(url: str, mode: str) -> None:
    """Print what became of the run, how long it took, where the time went, and the most memory it needed."""
    stages = clocks()
    started, began = time.perf_counter(), time.process_time()
    run = sync(url, full=mode == "full")
    seconds = time.perf_counter() - started
    told: dict[str, Any] = {
        "seconds": seconds,
        "cpu_seconds": time.process_time() - began,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "stages": dict(stages.seconds),
        "rows": Record.objects.count(),
        "calls": Call.objects.filter(run=run).count(),
        **{name: getattr(run, name) for name in ("state", "failure_message", "items", "created", "unchanged", "pages")},
    }
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
