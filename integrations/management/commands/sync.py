"""The verb “Sync now” for a shell."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from integrations import ops
from integrations.management.following import Follower
from integrations.management.lookup import moment_of, service_of, stream_of
from integrations.models import Service, SyncRun


class Command(BaseCommand):
    """`manage.py sync <service> [<stream>]`: the worker does the work; --wait follows it."""

    help = "Start a sync of a service, or of one of its streams."

    def add_arguments(self, parser: CommandParser) -> None:
        """Service, stream, and whether to wait."""
        parser.add_argument("service", help="slug of the service")
        parser.add_argument("stream", nargs="?", help="name of the stream; all enabled ones without it")
        reading = parser.add_mutually_exclusive_group()
        reading.add_argument("--full", action="store_true", help="read everything, also where what changed would do")
        reading.add_argument("--preview", action="store_true", help="only say what a sync of the stream would do")
        reading.add_argument("--from", dest="start", help="read again what changed from this day or moment on ...")
        parser.add_argument("--to", dest="end", help="... until this one; now without it")
        parser.add_argument(
            "--wait", action="store_true", help="follow it to its end; exit 1 unless everything succeeded"
        )

    def handle(self, *_: Any, service: str, stream: str | None, wait: bool, **options: Any) -> None:
        """Start the runs and say their numbers."""
        try:
            runs = self._start(service_of(service), stream, **options)
        except ops.Impossible as reason:
            raise CommandError(str(reason)) from reason
        for run in runs:
            self.stdout.write(f"{run} is waiting for a worker.")
        if wait:
            self._wait(runs)

    def _start(self, service: Service, name: str | None, **options: Any) -> list[SyncRun]:
        trigger, start, end = SyncRun.Trigger.COMMAND, options["start"], options["end"]
        if end and not start:
            raise CommandError("--to ends a range. Say with --from where it begins.")
        if name is None and (start or options["preview"]):
            raise CommandError("Name the stream too: one at a time is previewed or backfilled.")
        if name is None:
            return ops.sync_service(service, trigger, full=options["full"])
        stream = stream_of(service, name)
        if options["preview"]:
            return [ops.preview(stream, trigger)]
        if start:
            last = moment_of(end, last=True) if end else timezone.now()
            return [ops.backfill(stream, trigger, None, moment_of(start), last)]
        return [ops.sync(stream, trigger, full=options["full"])]

    def _wait(self, runs: list[SyncRun]) -> None:
        for run in runs:
            Follower(run, self.stdout).to_its_end()
        if any(run.state != SyncRun.State.SUCCEEDED for run in runs):
            raise CommandError("Not everything succeeded.")
