"""What is past its time, and the purge of it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from integrations import retention


class Command(BaseCommand):
    """`manage.py retention`: what the next purge removes; with --now, remove it."""

    help = "Say what is past its time, by service; with --now, remove it without waiting for the worker."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whether to remove it."""
        parser.add_argument("--now", action="store_true", help="remove it, in small batches")

    def handle(self, *_: Any, now: bool, **__: Any) -> None:
        """Say it, or do it and say how many rows went."""
        if now:
            self._purge()
            return
        for service, kind, count in retention.report():
            more = "more than " if count == retention.MOST_COUNTED else ""
            kept = "everything is kept" if service.legal_hold else f"kept for {getattr(service, kind.field)} days"
            self.stdout.write(f"{service}, {kind.label}: {more}{count:,} past their time ({kept}).")

    def _purge(self) -> None:
        gone = 0
        for count in retention.forget():
            gone += count
            if self.stdout.isatty():
                self.stdout.write(f"{gone:,} rows removed\r", ending="")
        self.stdout.write(f"{gone:,} rows removed.")
