"""The verb “Forget position” for a shell."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from integrations import ops
from integrations.management.lookup import service_of, stream_of


class Command(BaseCommand):
    """`manage.py forget_position <service> <stream>`: the next run reads everything."""

    help = "Forget up to where a stream has been read."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which stream."""
        parser.add_argument("service", help="slug of the service")
        parser.add_argument("stream", help="name of the stream")

    def handle(self, *_: Any, service: str, stream: str, **__: Any) -> None:
        """Forget it and say so."""
        found = stream_of(service_of(service), stream)
        ops.forget_position(found)
        self.stdout.write(f"The position of {found} is forgotten: the next run reads everything.")
