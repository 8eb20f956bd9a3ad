"""The verbs of the error inbox for a shell."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet

from integrations import ops
from integrations.models import RecordError

VERBS = ("retry", "skip", "count_again")


class Command(BaseCommand):
    """`manage.py inbox retry|skip|count_again <item> ...`: one or more items, by the numbers in their addresses."""

    help = "Retry items of the error inbox, skip them for ever, or count skipped ones again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Verb, items, and why."""
        parser.add_argument("verb", choices=VERBS)
        parser.add_argument("items", nargs="+", type=int, help="they stand in the addresses of the items' pages")
        parser.add_argument("--reason", help="why they are skipped; “skip” needs one")

    def handle(self, *_: Any, verb: str, items: list[int], reason: str | None, **__: Any) -> None:
        """Do it and say what came of it."""
        if verb == "skip" and not reason:
            raise CommandError("Say why: --reason “...”.")
        try:
            self._do(verb, RecordError.objects.filter(pk__in=items), reason or "")
        except ops.Impossible as problem:
            raise CommandError(str(problem)) from problem

    def _do(self, verb: str, errors: QuerySet[RecordError], reason: str) -> None:
        if verb == "retry":
            self._retry(errors)
        elif verb == "skip":
            self.stdout.write(f"{ops.skip_errors(errors, reason):,} skipped for ever.")
        else:
            self.stdout.write(f"{ops.count_errors_again(errors):,} counted again.")

    def _retry(self, errors: QuerySet[RecordError]) -> None:
        outcome = ops.retry_errors(errors)
        for run in outcome.runs:
            self.stdout.write(f"{run} is waiting for a worker.")
        if outcome.refusals:
            raise CommandError(" ".join(map(str, outcome.refusals)))
