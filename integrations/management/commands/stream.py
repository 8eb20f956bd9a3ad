"""The verbs “Pause” and “Resume” for a shell."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations import ops
from integrations.management.lookup import service_of, stream_of

VERBS = {"pause": ops.pause, "resume": ops.resume}
SAID = {
    "pause": "is paused: no run starts, and one under way rests, until somebody resumes it.",
    "resume": "is resumed: what rested goes on.",
}


class Command(BaseCommand):
    """`manage.py stream pause|resume <service> <stream>`."""

    help = "Pause a stream, or let it go on."

    def add_arguments(self, parser: CommandParser) -> None:
        """Verb and stream."""
        parser.add_argument("verb", choices=VERBS, help="pause: start no run of it; resume: go on")
        parser.add_argument("service", help="slug of the service")
        parser.add_argument("stream", help="name of the stream")

    def handle(self, *_: Any, verb: str, service: str, stream: str, **__: Any) -> None:
        """Do it and say so."""
        found = stream_of(service_of(service), stream)
        try:
            VERBS[verb](found)
        except ops.Impossible as reason:
            raise CommandError(str(reason)) from reason
        self.stdout.write(f"{found} {SAID[verb]}")
