"""The verbs of a run for a shell."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations import ops
from integrations.management.following import Follower
from integrations.management.lookup import run_of
from integrations.models import SyncRun

STARTS = {"retry": ops.retry, "again": ops.run_again}
DECIDES = {"approve": ops.approve, "keep": ops.keep}
SAID = {
    "cancel": "is cancelled. What was copied stays.",
    "retry": "waits for a worker.",
    "again": "waits for a worker.",
    "approve": "is approved: the rows are marked as gone as soon as a worker is free.",
    "keep": "is decided: the rows are kept.",
}


class Command(BaseCommand):
    """`manage.py run cancel|retry|again <run>`, `manage.py run approve|keep <run> --reason …`."""

    help = (
        "Cancel a run, retry it where it stopped or from its beginning, or decide about the rows it would mark as gone."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Verb, run, reason, and whether to wait."""
        parser.add_argument(
            "verb",
            choices=SAID,
            help="cancel: end it; retry: go on where it stopped; again: start over; approve: mark the rows as gone; "
            "keep: leave them",
        )
        parser.add_argument("run", type=int, help="its number")
        parser.add_argument("--reason", default="", help="why, for approve and keep")
        parser.add_argument("--wait", action="store_true", help="follow it to its end; exit 1 unless it succeeded")

    def handle(self, *_: Any, verb: str, run: int, reason: str, wait: bool, **__: Any) -> None:
        """Do it and say so."""
        if (verb in DECIDES) is not bool(reason.strip()):
            raise CommandError("approve and keep need a --reason, the others take none.")
        try:
            done = self._do(verb, run_of(run), reason)
        except ops.Impossible as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"{done} {SAID[verb]}")
        if wait:
            done.refresh_from_db()
            Follower(done, self.stdout).to_its_end()
            if done.state != SyncRun.State.SUCCEEDED:
                raise CommandError("It did not succeed.")

    def _do(self, verb: str, run: SyncRun, reason: str) -> SyncRun:
        if verb in DECIDES:
            return DECIDES[verb](run, reason)
        return STARTS[verb](run) if verb in STARTS else ops.cancel(run)
