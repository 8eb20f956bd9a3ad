"""Sums the call log up for a shell: what is due, and anew where a sum is doubted."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations import ranges
from integrations.rollups import reading, writing


class Command(BaseCommand):
    """`manage.py rollups`: at once what the worker does each minute; with --repair the days of a range anew."""

    help = "Sum up calls for the figures of latency."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which days, for a repair."""
        parser.add_argument("--repair", nargs=2, metavar=("FROM", "TO"), help="days, as 2026-01-31; sums them up anew")

    def handle(self, *_: Any, repair: list[str] | None, **__: Any) -> None:
        """Do it, and say how far it is."""
        if repair:
            self._repair(*repair)
        while not writing.roll_up(for_s=5):
            self.stdout.write(f"{reading.backlog():,} calls to go ...")
        if newer := reading.backlog():
            self.stdout.write(
                f"{newer:,} calls are so new that their turn comes in two minutes; the others are summed up."
            )
        else:
            self.stdout.write("Every call is summed up.")

    def _repair(self, first: str, last: str) -> None:
        try:
            since, until = ranges.moment(first), ranges.moment(last, last=True)
        except ValueError:
            raise CommandError("Write the days as 2026-01-31.") from None
        days = writing.repair(since, until)
        self.stdout.write(
            f"{days:,} day{'s'[: days != 1]} summed up anew. Days whose calls may be gone by now keep their sums."
        )
