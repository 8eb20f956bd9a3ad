"""Fills the log with what the demonstration services might have done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Min
from django.utils import timezone

from integrations import demo, demo_calls, recorder
from integrations.models import Service
from integrations.rollups import writing

A_DAY = timedelta(days=1)


class Command(BaseCommand):
    """`manage.py demo_data`: thirty days of calls, with an outage and a slow afternoon, to see what the pages show."""

    help = "Invent thirty days of calls of the demonstration services."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which days, and whether real services may be there."""
        parser.add_argument("--seed", type=int, default=1, help="the same calls for the same number")
        parser.add_argument("--beside-real", action="store_true", help="even where there are services that are real")

    def handle(self, *_: Any, seed: int, beside_real: bool, **__: Any) -> None:
        """Add the services that are missing and their calls, and sum these up."""
        real = [service.slug for service in Service.objects.all() if not demo.is_demonstration(service)]
        if real and not beside_real:
            raise CommandError(
                f"This would mix invented calls with the log of {', '.join(real)}. "
                "Use an empty database, or say --beside-real if that is what you want."
            )
        now, made = timezone.now(), 0
        for service in demo.all_of(demo_calls.OPERATIONS):
            if service.calls.filter(started_at__lt=now - A_DAY).exists():
                self.stdout.write(f"{service}: has calls already and is left as it is.")
                continue
            # Of a worker that runs the first health checks may be there.
            first = service.calls.aggregate(first=Min("started_at"))["first"]
            made += recorder.record_all(demo_calls.calls(service, first or now, seed))
        while not writing.roll_up():
            self.stdout.write("Summing them up ...")
        self.stdout.write(f"{made:,} calls of {demo_calls.DAYS} days were invented. See Latency in the console.")
