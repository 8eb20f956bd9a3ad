"""The verb “Roll back” for a shell."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations import ops, settings_history
from integrations.management.lookup import service_of
from integrations.models import SettingsChange


class Command(BaseCommand):
    """`manage.py rollback_service <service> <change>`: what that change set becomes what it was before."""

    help = "Roll back one change of a service's settings."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which service, and which change."""
        parser.add_argument("service", help="slug of the service")
        parser.add_argument("change", type=int, help="number of the change, as manage.py service_history says")

    def handle(self, *_: Any, service: str, change: int, **__: Any) -> None:
        """Do it, and say what was set."""
        row = service_of(service)
        found = row.settings_changes.select_related("service").filter(pk=change).first()
        if found is None:
            raise CommandError(f"{row} has no change {change}. Look at manage.py service_history {service}.")
        try:
            made = ops.roll_back(found, SettingsChange.How.COMMAND)
        except ops.Impossible as reason:
            raise CommandError(str(reason)) from reason
        for line in settings_history.told(made):
            self.stdout.write(f"{line.label}: {line.before} → {line.after}")
