"""The verb “Apply this plan” for a shell."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations import ops
from integrations.management.lookup import run_of
from integrations.models import SyncRun


class Command(BaseCommand):
    """`manage.py apply_plan <run>`: the worker does what the preview planned."""

    help = "Do what a preview planned, and nothing else."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which preview."""
        parser.add_argument("run", type=int, help="number of the run that previewed")

    def handle(self, *_: Any, run: int, **__: Any) -> None:
        """Start it, and say how much it is."""
        plan = run_of(run)
        try:
            started = ops.apply_plan(plan, SyncRun.Trigger.COMMAND)
        except ops.Impossible as reason:
            raise CommandError(str(reason)) from reason
        self.stdout.write(
            f"{started} is waiting for a worker: {plan.created:,} to create, {plan.updated:,} to update, "
            f"{plan.deleted:,} to mark as gone."
        )
