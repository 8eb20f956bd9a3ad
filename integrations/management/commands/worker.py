"""The queue's workers under supervision."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from integrations.supervisor import Supervisor


class Command(BaseCommand):
    """`manage.py worker`: one per machine, in the foreground, until SIGTERM or Ctrl-C."""

    help = "Run the queue's workers and start what is due. Stop it with SIGTERM or Ctrl-C."

    def handle(self, *_: Any, **__: Any) -> None:
        """Run until stopped."""
        Supervisor().run()
