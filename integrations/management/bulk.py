"""A bulk operation followed to its end in a shell."""

from __future__ import annotations

import time

from django.core.management.base import CommandError, OutputWrapper

from integrations.models import BulkOperation

EVERY_S = 0.5


def follow(operation: BulkOperation, stdout: OutputWrapper) -> None:
    """Wait for its end and say what it came to.

    Raises:
        CommandError: it did not come to its end.
    """
    while operation.state in BulkOperation.ACTIVE:
        time.sleep(EVERY_S)
        operation.refresh_from_db()
    stdout.write(f"{operation}: {operation.get_state_display().lower()}, {operation.done:,} done.")
    if operation.state != BulkOperation.State.SUCCEEDED:
        raise CommandError(operation.failure_message)
