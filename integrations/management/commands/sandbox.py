"""Serves the sandboxes of all Systems on loopback."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations import sandbox


class Command(BaseCommand):
    """`manage.py sandbox`: what the demonstration services talk to."""

    help = "Serve the sandboxes of all systems on 127.0.0.1."

    def add_arguments(self, parser: CommandParser) -> None:
        """The port, SANDBOX_PORT by default."""
        parser.add_argument("--port", type=int, default=settings.SANDBOX_PORT)

    def handle(self, *_: Any, port: int, **__: Any) -> None:
        """Serve until stopped."""
        try:
            server = sandbox.server(port)
        except OSError as error:
            raise CommandError(
                f"Port {port} cannot be used: {error.strerror}. Set SANDBOX_PORT to a free one."
            ) from error
        self.stdout.write(f"Sandboxes on http://{sandbox.HOST}:{server.server_port}/")
        server.serve_forever()
