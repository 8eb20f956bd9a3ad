"""The verbs of refused deliveries for a shell."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations import ops
from integrations.management.bulk import follow
from integrations.management.lookup import service_of
from integrations.models import RefusedDelivery

VERBS = ("verify", "process")


class Command(BaseCommand):
    """`manage.py refused verify --service <service> [--wait]`, `manage.py refused verify|process <number> ...`."""

    help = "Verify refused deliveries again and process those that are believed, or process what is only no JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        """Verb, and which."""
        parser.add_argument("verb", choices=VERBS)
        parser.add_argument("numbers", nargs="*", type=int, help="they stand in the addresses of their pages")
        parser.add_argument("--service", help="slug: all that this service has refused; a worker verifies them")
        parser.add_argument("--wait", action="store_true", help="with --service: follow it to its end")

    def handle(self, *_: Any, verb: str, numbers: list[int], service: str | None, wait: bool, **__: Any) -> None:
        """Do it and say what came of it."""
        if bool(numbers) == bool(service):
            raise CommandError("Say either numbers or --service.")
        if verb == "process" and service:
            raise CommandError("Look at each before you process it: say numbers.")
        try:
            if verb == "process":
                for refused in _of(numbers):
                    self.stdout.write(f"{ops.process_anyway(refused)} is waiting for a worker.")
            elif service:
                operation = ops.verify_held(service_of(service))
                self.stdout.write(f"{operation} is started, of {operation.total:,}.")
                if wait:
                    follow(operation, self.stdout)
            else:
                self._verify(ops.verify_again(_of(numbers)))
        except ops.Impossible as problem:
            raise CommandError(str(problem)) from problem

    def _verify(self, accepted: ops.Accepted) -> None:
        self.stdout.write(accepted.sentence)
        if accepted.refusals:
            raise CommandError(" ".join(accepted.refusals))


def _of(numbers: list[int]) -> Any:
    found = RefusedDelivery.objects.filter(pk__in=numbers).select_related("service")
    if missing := set(numbers) - set(found.values_list("pk", flat=True)):
        raise CommandError(f"There is no refused delivery {', '.join(map(str, sorted(missing)))}.")
    return found
