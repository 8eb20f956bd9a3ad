"""The verb “Set position” for a shell."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations import ops
from integrations.management.lookup import moment_of, service_of, stream_of


class Command(BaseCommand):
    """`manage.py set_position <service> <stream> <moment>`: the next run reads what changed since."""

    help = "Set up to where a stream has been read."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which stream, and the moment."""
        parser.add_argument("service", help="slug of the service")
        parser.add_argument("stream", help="name of the stream")
        parser.add_argument("moment", help="2026-01-31 or 2026-01-31T14:05, in the console's time zone")

    def handle(self, *_: Any, service: str, stream: str, moment: str, **__: Any) -> None:
        """Set it and say so."""
        found, when = stream_of(service_of(service), stream), moment_of(moment)
        try:
            ops.set_position(found, when)
        except ops.Impossible as reason:
            raise CommandError(str(reason)) from reason
        self.stdout.write(f"The position of {found} is {when.isoformat()}: what changed since then is read next.")
