"""The verb “Send a test delivery” for a shell."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from integrations import ops
from integrations.management.lookup import service_of


class Command(BaseCommand):
    """`manage.py send_sample <service> --console https://console.example.org`."""

    help = "Have a worker sign a small delivery and send it to the service's own address."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which service, and where the console is reached."""
        parser.add_argument("service", help="slug of the service")
        parser.add_argument(
            "--console", required=True, help="address of the console, for example http://127.0.0.1:8000"
        )

    def handle(self, *_: Any, service: str, console: str, **__: Any) -> None:
        """Ask for it."""
        row = service_of(service)
        address = f"{console.rstrip('/')}{reverse('hook', args=[row.slug])}"
        try:
            ops.send_sample(row, address)
        except ops.Impossible as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"A worker sends it to {address}. Its result appears on the page of {row}.")
