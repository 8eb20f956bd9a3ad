"""The verification doctor for a shell."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations.management.lookup import moment_of, service_of
from integrations.webhooks import doctor, receivers, stored_request


class Command(BaseCommand):
    """`manage.py verify_delivery <file> --service <service>`: would it be believed, and if not, why?"""

    help = (
        "Say whether a stored request would be believed, and if not, why. The file holds its headers, one a line, an "
        "empty line, and its body byte for byte, as “curl --trace” or a log of the sender shows them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which file, which service, and when it came."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--service", required=True, help="slug of the service it was sent to")
        parser.add_argument("--at", help="when it came, for example 2026-01-31T14:05; now without it")

    def handle(self, *_: Any, file: Path, service: str, at: str | None, **__: Any) -> None:
        """Examine it."""
        receiver = receivers.of_service(service_of(service))
        if receiver is None:
            raise CommandError(f"{service} receives nothing. Choose in its options how deliveries are verified.")
        try:
            delivery = stored_request.read(file.read_bytes(), receiver.options)
        except (OSError, stored_request.NoRequest) as problem:
            raise CommandError(f"{file} cannot be read: {problem}") from problem
        findings = doctor.examine(receiver, delivery, moment_of(at).timestamp() if at else time.time())
        for finding in findings:
            self.stdout.write(f"{'+' if finding.is_good else '-'} {finding.what} {finding.advice}".rstrip())
        if not all(finding.is_good for finding in findings):
            raise CommandError("It is not believed.")
