"""The verbs of incidents for a shell."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations import ops
from integrations.models import Incident

VERBS = {"acknowledge": ops.acknowledge, "ignore": ops.ignore, "watch": ops.watch, "resolve": ops.resolve_incident}


class Command(BaseCommand):
    """`manage.py incident acknowledge|ignore|watch|resolve <number> --reason “...”`; without a verb, what goes on."""

    help = "Acknowledge an incident, ignore it, watch it again or resolve it; without a verb, list what goes on."

    def add_arguments(self, parser: CommandParser) -> None:
        """Verb, incident, and why."""
        parser.add_argument("verb", choices=VERBS, nargs="?")
        parser.add_argument("number", type=int, nargs="?", help="it stands in the address of the incident's page")
        parser.add_argument("--reason", help="why; every verb needs one")

    def handle(self, *_: Any, verb: str | None, number: int | None, reason: str | None, **__: Any) -> None:
        """Do it and say what came of it."""
        if not verb:
            self._list()
            return
        if number is None or not reason:
            raise CommandError(f"Say which and why: incident {verb} <number> --reason “...”.")
        incident = Incident.objects.select_related("service").filter(pk=number).first()
        if incident is None:
            raise CommandError(f"There is no incident {number}. Without a verb, this command lists what goes on.")
        try:
            done = VERBS[verb](incident, reason)
        except ops.Impossible as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"{done}: {done.get_state_display().lower()}.")

    def _list(self) -> None:
        going_on = Incident.objects.select_related("service").filter(state__in=Incident.GOING_ON)
        for incident in going_on:
            self.stdout.write(f"{incident.pk}  {incident.get_state_display()}  {incident}  {incident.message}")
        if not going_on:
            self.stdout.write("No failure goes on.")
