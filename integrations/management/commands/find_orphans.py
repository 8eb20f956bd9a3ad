"""Files without rows and rows without files."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations.management.progress import Progress
from integrations.media import orphans


class Command(BaseCommand):
    """`manage.py find_orphans`: list them; with --settle, do now what the worker does by and by."""

    help = "Find uploaded files that no row leads to, and rows whose file is gone."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whether to do something about it."""
        parser.add_argument(
            "--settle",
            action="store_true",
            help="remove the files that are older than a day, and mark the rows missing",
        )

    def handle(self, *_: Any, settle: bool, **__: Any) -> None:
        """Say what there is, and do something about it if asked to."""
        found, progress = orphans.Orphans(), Progress(self.stdout, len(orphans.PARTS))
        try:
            for part in orphans.PARTS:
                orphans.look(part, found)
                progress.step()
            if settle:
                orphans.settle(found)
        except OSError as error:
            raise CommandError(f"The storage cannot be reached: {error.strerror or error}") from error
        self._say(found, settle)

    def _say(self, found: orphans.Orphans, settled: bool) -> None:
        for name in found.files:
            self.stdout.write(f"no row leads to {name}")
        for row in found.missing:
            self.stdout.write(f"no file: {row} ({row.pk})")
        done = "removed" if settled else "to be removed"
        self.stdout.write(
            f"{len(found.files):,} files without a row ({done}), {found.young:,} younger than a day (left alone), "
            f"{len(found.missing):,} rows without a file."
        )
