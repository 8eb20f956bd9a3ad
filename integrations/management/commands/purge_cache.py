"""The verb “Purge cache” for a shell."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from integrations import ops
from integrations.management.lookup import service_of


class Command(BaseCommand):
    """`manage.py purge_cache <service>`: the next calls ask the service itself."""

    help = "Throw away every cached answer of a service."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which service."""
        parser.add_argument("service", help="slug of the service")

    def handle(self, *_: Any, service: str, **__: Any) -> None:
        """Purge, and say how much that was."""
        row = service_of(service)
        thrown = ops.purge_cache(row)
        self.stdout.write(f"{row}: {thrown:,} cached {'answer' if thrown == 1 else 'answers'} thrown away.")
