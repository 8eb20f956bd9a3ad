"""Pause and resume the processing of a service's webhook events."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations import ops
from integrations.management.lookup import service_of
from integrations.models import Service


class Command(BaseCommand):
    """`manage.py events pause|resume <service>`."""

    help = "Hold back what a service sends, or let it be processed again."

    def add_arguments(self, parser: CommandParser) -> None:
        """The verb and the service."""
        parser.add_argument("verb", choices=["pause", "resume"])
        parser.add_argument("service", help="its slug")

    def handle(self, *_: Any, verb: str, service: str, **__: Any) -> None:
        """Do it and say so."""
        found = service_of(service)
        try:
            self.stdout.write(_pause(found) if verb == "pause" else _resume(found))
        except ops.Impossible as problem:
            raise CommandError(str(problem)) from problem


def _pause(service: Service) -> str:
    ops.pause_events(service)
    return f"The processing of {service} is paused: what comes is held back."


def _resume(service: Service) -> str:
    held = ops.resume_events(service)
    return f"The processing of {service} is resumed; {held:,} event{' held back goes' if held == 1 else 's held back go'} on."
