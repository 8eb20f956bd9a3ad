"""The page “Console” for a shell."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations import vitals


class Command(BaseCommand):
    """`manage.py vitals`: exit 1 where somebody must act now."""

    help = "Say how the console itself is: workers, queue, disk, database, clock."

    def handle(self, *_: Any, **__: Any) -> None:
        """A line each, and below it what to do where it is not good."""
        found = vitals.read()
        for each in found:
            self.stdout.write(f"{each.word:<11} {each.name:<12} {each.value}")
            if each.tone != "good":
                self.stdout.write(f"{'':<11} {each.to_do}")
        bad = [each.name for each in found if each.tone == "bad"]
        if bad:
            raise CommandError(f"Act now: {', '.join(bad)}.")
