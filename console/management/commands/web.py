"""Becomes the web server, on the port the environment says."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

THREADS = 4


class Command(BaseCommand):
    """`manage.py web`: granian in this process, so that signals reach it."""

    help = "Serve the console on 127.0.0.1."

    def handle(self, *_: Any, **__: Any) -> None:
        """Never returns."""
        granian = str(Path(sys.executable).parent / "granian")
        address = ["--host", "127.0.0.1", "--port", str(settings.WEB_PORT)]
        size = ["--workers", "1", "--blocking-threads", str(THREADS), "--respawn-failed-workers"]
        quiet = ["--no-ws", "--log-level", "warning"]
        application = ["--interface", "wsgi", "console.wsgi:application"]
        os.execv(granian, [granian, *address, *size, *quiet, *application])  # noqa: S606 - our own words
