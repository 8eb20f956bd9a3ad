"""The settings history of a service, for a shell."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from integrations import settings_history
from integrations.management.lookup import service_of


class Command(BaseCommand):
    """`manage.py service_history <service>`: newest first; `rollback_service` takes one back."""

    help = "Show who changed what at a service, from and to."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which service, and how much of its history."""
        parser.add_argument("service", help="slug of the service")
        parser.add_argument("--last", type=int, default=20, help="so many changes; 20 without it")

    def handle(self, *_: Any, service: str, last: int, **__: Any) -> None:
        """One paragraph for each change."""
        row = service_of(service)
        changes = list(row.settings_changes.select_related("service", "actor")[: max(last, 0)])
        if not changes:
            self.stdout.write(f"Nobody has changed the settings of {row} since it was added.")
        for change in changes:
            back = f", rolling back {change.rolls_back_id}" if change.rolls_back_id else ""
            self.stdout.write(f"{change.pk}: {timezone.localtime(change.at):%Y-%m-%d %H:%M:%S} by {change.who}{back}")
            for line in settings_history.told(change):
                self.stdout.write(f"    {line.label}: {line.before} → {line.after}")
