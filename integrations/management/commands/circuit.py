"""The verbs “Close circuit” and “Hold circuit open” for a shell."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations import ops
from integrations.management.lookup import service_of

VERBS = {"close": ops.close_circuit, "hold": ops.hold_circuit_open}
SAID = {"close": "is closed: calls are let through.", "hold": "is held open: nothing is sent until somebody closes it."}


class Command(BaseCommand):
    """`manage.py circuit <service> close|hold`."""

    help = "Close the circuit of a service, or hold it open."

    def add_arguments(self, parser: CommandParser) -> None:
        """Service and verb."""
        parser.add_argument("service", help="slug of the service")
        parser.add_argument("verb", choices=VERBS, help="close: let calls through; hold: let none through")

    def handle(self, *_: Any, service: str, verb: str, **__: Any) -> None:
        """Do it and say so."""
        found = service_of(service)
        try:
            VERBS[verb](found)
        except ops.Impossible as reason:
            raise CommandError(str(reason)) from reason
        self.stdout.write(f"The circuit of {found} {SAID[verb]}")
