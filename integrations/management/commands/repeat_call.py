"""The verb “Call again” for a shell."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations import ops, repeats
from integrations.models import Call, CallRepeat


class Command(BaseCommand):
    """`manage.py repeat_call <id>`: the worker makes the call; --wait waits for its result."""

    help = "Make a recorded call again, if it changes nothing at the remote."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which call, and whether to wait."""
        parser.add_argument("id", type=int, help="id of the call; it stands in the address of its page")
        parser.add_argument("--wait", action="store_true", help="wait for the result; exit 1 unless it succeeded")

    def handle(self, *_: Any, wait: bool, **options: Any) -> None:
        """Ask for it and say what came of it."""
        call = Call.objects.select_related("service").filter(pk=options["id"]).first()
        if call is None:
            raise CommandError(f"There is no call {options['id']}. Calls are forgotten when they get old.")
        try:
            repeat = ops.repeat(call)
        except ops.Impossible as reason:
            raise CommandError(str(reason)) from reason
        self.stdout.write(f"{repeat} is waiting for a worker.")
        if wait:
            self._wait(repeat)

    def _wait(self, repeat: CallRepeat) -> None:
        while repeat.state in CallRepeat.ACTIVE:
            time.sleep(0.2)
            repeat.refresh_from_db()
        made = repeats.made_by(repeat)
        self.stdout.write(f"{made or repeat}: {repeat.get_state_display()}. {repeat.failure_message}".rstrip())
        if repeat.state != CallRepeat.State.SUCCEEDED:
            raise CommandError("The call did not succeed.")
