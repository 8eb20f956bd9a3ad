"""The verb “Publish to GitHub” for a shell."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations import ops
from integrations.management.lookup import service_of
from integrations.models import Essay, Publication
from integrations.publishing import Wish


class Command(BaseCommand):
    """`manage.py publish <essay> --service <slug>`: the worker commits it; --wait waits for the result."""

    help = "Commit an essay to the repository of a GitHub service."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which essay, where to, and whether to wait."""
        parser.add_argument("essay", type=int, help="number of the essay; it stands in the address of its page")
        parser.add_argument("--service", required=True, help="slug of a GitHub service")
        parser.add_argument(
            "--path", default="", help="of the file; without it where it was last, or the service's folder"
        )
        parser.add_argument("--message", default="", help="of the commit")
        parser.add_argument("--replace", action="store_true", help="also what somebody else wrote there")
        parser.add_argument("--wait", action="store_true", help="wait for the result; exit 1 unless it is published")

    def handle(self, *_: Any, essay: int, service: str, wait: bool, **options: Any) -> None:
        """Ask for it and say what came of it."""
        found = Essay.objects.filter(pk=essay).first()
        if found is None:
            raise CommandError(f"There is no essay {essay}.")
        wish = Wish(options["path"], options["message"], options["replace"])
        try:
            row = ops.publish(found, service_of(service), wish)
        except ops.Impossible as reason:
            raise CommandError(str(reason)) from reason
        self.stdout.write(f"{row}, {row.path}, is waiting for a worker.")
        if wait:
            self._wait(row)

    def _wait(self, row: Publication) -> None:
        while row.state in Publication.ACTIVE:
            time.sleep(0.2)
            row.refresh_from_db()
        self.stdout.write(f"{row}: {row.get_state_display()}. {row.url or row.failure_message}")
        if row.state != Publication.State.SUCCEEDED:
            raise CommandError("The essay was not published.")
