"""Exports for a shell, of any length."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.exceptions import FieldDoesNotExist, FieldError, ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import DateTimeField, Model, QuerySet

from integrations import exporting
from integrations.management.lookup import moment_of, service_of
from integrations.models import Service, SyncRun

SERVICE: dict[type[Model], str] = {Service: "pk", SyncRun: "stream__service"}


class Command(BaseCommand):
    """`manage.py export_rows calls --filter service=github started_at__gte=2026-03-01 --output calls.csv`."""

    help = "Write rows into a file, without secrets and with formulas escaped."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which rows, and where to."""
        parser.add_argument("table", choices=exporting.TABLES)
        parser.add_argument("--format", choices=exporting.FORMATS, default="csv", dest="form")
        parser.add_argument("--output", required=True, type=Path, help="the file; one that is there is replaced")
        parser.add_argument("--filter", nargs="+", default=[], metavar="COLUMN=VALUE", dest="filters")

    def handle(self, *_: Any, table: str, form: str, output: Path, filters: list[str], **__: Any) -> None:
        """All that match, and how many that were."""
        rows = exporting.TABLES[table]._default_manager.all()
        for words in filters:
            rows = self._filtered(rows, words)
        try:
            count = exporting.export(rows, form, output)
        except (exporting.TooMany, OSError) as reason:
            raise CommandError(f"Nothing was exported: {reason}") from None
        self.stdout.write(f"{count:,} {table} were written to {output}.")

    def _filtered(self, rows: QuerySet[Any], words: str) -> QuerySet[Any]:
        name, is_pair, text = words.partition("=")
        if not is_pair:
            raise CommandError(f"“{words}” is no filter. Write column=value, as in service=github.")
        if name == "service":
            return rows.filter(**{SERVICE.get(rows.model, "service"): service_of(text).pk})
        try:
            return rows.filter(**{name: _value(rows.model, name, text)})
        except (FieldError, FieldDoesNotExist):
            known = ", ".join(field.name for field in exporting.columns(rows.model))
            raise CommandError(f"There is no column for “{name}”. There are: {known}.") from None
        except (ValueError, ValidationError):
            raise CommandError(f"“{text}” is no value of “{name}”.") from None


def _value(model: type[Model], name: str, text: str) -> Any:
    column, _, lookup = name.partition("__")
    if lookup == "isnull":
        return text.lower() == "true"
    return moment_of(text) if isinstance(model._meta.get_field(column), DateTimeField) else text
