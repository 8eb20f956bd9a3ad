"""Services out of a file, for a shell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations.importing import reading, services
from integrations.importing.plans import Plan, Step
from integrations.models import SettingsChange


class Command(BaseCommand):
    """`manage.py import_services services.csv`: says what it would do; with `--yes` it does it."""

    help = "Create and change services as a file says that export_rows or the admin made. Secrets are never imported."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which file."""
        parser.add_argument("file", type=Path, help=f"ends in {', '.join(reading.FORMATS)}")
        parser.add_argument("--yes", action="store_true", help="do it")

    def handle(self, *_: Any, file: Path, yes: bool, **__: Any) -> None:
        """The plan, and what became of it."""
        try:
            rows = services.kept(reading.rows(file.name, file.read_bytes()))
        except (reading.Unreadable, services.Refused, OSError) as reason:
            raise CommandError(str(reason)) from None
        plan = services.plan(rows, None)
        for step in plan.steps:
            self._tell(step)
        if plan.counts["refused"]:
            raise CommandError("Nothing is imported while a row is refused. Mend the file.")
        if not plan.verb:
            self.stdout.write("Nothing would change.")
        elif yes:
            self.stdout.write(self._done(rows, plan))
        else:
            self.stdout.write(f"{plan.verb} with --yes.")

    def _done(self, rows: list[dict[str, Any]], plan: Plan) -> str:
        try:
            return services.apply(rows, None, SettingsChange.How.COMMAND, plan.fingerprint).said
        except services.Changed:
            raise CommandError("Somebody changed a service meanwhile, so nothing was imported. Look again.") from None

    def _tell(self, step: Step) -> None:
        if step.kind != "unchanged":
            self.stdout.write(f"Row {step.number}, {step.service.slug}: {step.kind}")
        for sentence in step.objections:
            self.stdout.write(f"  {sentence}")
        for line in step.told:
            self.stdout.write(f"  {line.label}: {line.before} → {line.after}")
