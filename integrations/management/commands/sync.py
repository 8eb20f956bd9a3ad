"""The verb “Sync now” for a shell."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations import ops
from integrations.management.lookup import service_of
from integrations.models import Service, SyncRun


class Command(BaseCommand):
    """`manage.py sync <service> [<stream>]`: the worker does the work; --wait waits for it."""

    help = "Start a sync of a service, or of one of its streams."

    def add_arguments(self, parser: CommandParser) -> None:
        """Service, stream, and whether to wait."""
        parser.add_argument("service", help="slug of the service")
        parser.add_argument("stream", nargs="?", help="name of the stream; all enabled ones without it")
        parser.add_argument("--wait", action="store_true", help="wait for the end; exit 1 unless everything succeeded")

    def handle(self, *_: Any, service: str, stream: str | None, wait: bool, **__: Any) -> None:
        """Start the runs and say their numbers."""
        try:
            runs = self._start(service_of(service), stream)
        except ops.Impossible as reason:
            raise CommandError(str(reason)) from reason
        for run in runs:
            self.stdout.write(f"{run} is waiting for a worker.")
        if wait:
            self._wait(runs)

    def _start(self, service: Service, name: str | None) -> list[SyncRun]:
        if name is None:
            return ops.sync_service(service, SyncRun.Trigger.COMMAND)
        stream = service.streams.select_related("service").filter(name=name).first()
        if stream is None:
            known = ", ".join(service.streams.values_list("name", flat=True)) or "none"
            raise CommandError(f"{service} has no stream “{name}”. It has: {known}.")
        return [ops.sync(stream, SyncRun.Trigger.COMMAND)]

    def _wait(self, runs: list[SyncRun]) -> None:
        for run in runs:
            while run.state in SyncRun.ACTIVE:
                time.sleep(0.5)
                run.refresh_from_db()
            self.stdout.write(
                f"{run}: {run.get_state_display()}. {run.created:,} created, {run.updated:,} updated, "
                f"{run.unchanged:,} unchanged, {run.rejected:,} rejected. {run.failure_message}".rstrip()
            )
        if any(run.state != SyncRun.State.SUCCEEDED for run in runs):
            raise CommandError("Not everything succeeded.")
