"""Everything an installation needs before its processes start. Run at every deploy; it changes no data."""

from __future__ import annotations

import hashlib
import secrets
import socket
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations import credentials, demo

ADMIN = "admin"


class Command(BaseCommand):
    """`manage.py prepare`: tables, cache, static files, the first superuser."""

    help = "Migrate, collect static files, create the first superuser."

    def add_arguments(self, parser: CommandParser) -> None:
        """`--demo` is what `make run` adds."""
        parser.add_argument(
            "--demo", action="store_true", help="one machine: check the ports, seed demonstration services"
        )

    def handle(self, *_: Any, demo: bool, **__: Any) -> None:
        """Do what is missing; each step is nothing on a second run."""
        if demo:
            _refuse_taken_ports()
        settings.ENV.data_dir.mkdir(parents=True, exist_ok=True)
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        _collect_static_files()
        if not User.objects.filter(is_superuser=True).exists():
            self._begin(demo)
        for line in credentials.report_unreadable():
            self.stderr.write(line)
        if demo:
            self.stdout.write(f"The console is at http://127.0.0.1:{settings.WEB_PORT}/ (Ctrl-C stops it).")

    def _begin(self, with_demo: bool) -> None:
        password = settings.ADMIN_PASSWORD or secrets.token_urlsafe(12)
        User.objects.create_superuser(ADMIN, password=password)
        shown = "the one in CONSOLE_ADMIN_PASSWORD" if settings.ADMIN_PASSWORD else f"{password} (shown this once)"
        self.stdout.write(f"The first superuser is {ADMIN}, the password {shown}.")
        if with_demo:
            names = ", ".join(service.name for service in demo.seed())
            self.stdout.write(f"Two services to try are there: {names}.")


def _refuse_taken_ports() -> None:
    for name, port in (("WEB_PORT", settings.WEB_PORT), ("SANDBOX_PORT", settings.SANDBOX_PORT)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                raise CommandError(
                    f"Port {port} is taken. Stop what uses it, or set {name} to a free port in .env."
                ) from None


def _collect_static_files() -> None:
    """Only when a package or one of our own files changed: it takes seconds."""
    stamp, wanted = Path(settings.STATIC_ROOT) / ".fingerprint", _fingerprint()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(wanted)


def _fingerprint() -> str:
    ours = [path for folder in settings.STATICFILES_DIRS for path in sorted(Path(folder).rglob("*")) if path.is_file()]
    digest = hashlib.sha256()
    for path in (settings.BASE_DIR / "requirements.txt", *ours):
        digest.update(path.read_bytes())
    return digest.hexdigest()
