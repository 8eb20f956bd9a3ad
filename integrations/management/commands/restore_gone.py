"""The verb “Restore what it marked as gone” for a shell."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations import ops
from integrations.models import SyncRun


class Command(BaseCommand):
    """`manage.py restore_gone <run>`: all rows it marked, however many there are."""

    help = "Take the mark from the rows that a run marked as gone."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which run."""
        parser.add_argument("run", type=int, help="number of the run")

    def handle(self, *_: Any, run: int, **__: Any) -> None:
        """Do it and say how many there were."""
        found = SyncRun.objects.filter(pk=run).first()
        if found is None:
            raise CommandError(f"There is no run {run}. The list of sync runs shows their numbers.")
        try:
            count = ops.restore_marked(found)
        except ops.Impossible as reason:
            raise CommandError(str(reason)) from reason
        self.stdout.write(f"{count:,} rows restored. A run that reads everything marks again what is still missing.")
