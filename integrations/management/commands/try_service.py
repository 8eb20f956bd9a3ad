"""The buttons “Test connection” and “Try it” for a shell."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations import candidates, ops, systems
from integrations.admin.conditions import OPTION
from integrations.admin.service_form import form_for
from integrations.management.lookup import service_of
from integrations.models import Service, Trial


class Command(BaseCommand):
    """`manage.py try_service <service> [--option name=value] [--stream name]`: the worker tries, and the shell waits."""

    help = "Try a service with other options than it has, and its stored secrets. Nothing is saved."

    def add_arguments(self, parser: CommandParser) -> None:
        """Service, options and stream."""
        parser.add_argument("service", help="slug of the service")
        parser.add_argument(
            "--option", action="append", default=[], metavar="NAME=VALUE", help="instead of the stored one; repeatable"
        )
        parser.add_argument(
            "--stream", default="", help="read the first page of this stream; the connection without it"
        )

    def handle(self, *_: Any, service: str, option: list[str], stream: str, **__: Any) -> None:
        """Try and say what came of it; exit 1 unless it succeeded."""
        row = service_of(service)
        kind = Trial.Kind.STREAM if stream else Trial.Kind.CONNECTION
        streams = candidates.subjects(systems.all_systems().get(row.system)).get(kind, ())
        if stream not in streams:
            raise CommandError(f"{row} has no stream “{stream}”. It has: {', '.join(sorted(streams)) or 'none'}.")
        row.options = {**row.options, **dict(_typed(row, each) for each in option)}
        self._wait(ops.try_settings(candidates.Candidate(row).trial(kind, stream)))

    def _wait(self, trial: Trial) -> None:
        while trial.state in Trial.ACTIVE:
            time.sleep(0.2)
            trial.refresh_from_db()
        for line in _lines(trial.result):
            self.stdout.write(line)
        if trial.state != Trial.State.SUCCEEDED:
            raise CommandError(trial.failure_message)
        self.stdout.write("It works.")


def _typed(service: Service, text: str) -> tuple[str, Any]:
    """Name and value, judged as the form would."""
    name, _, value = text.partition("=")
    fields = {field.removeprefix(OPTION): each for field, each in _option_fields(service)}
    if name not in fields:
        raise CommandError(f"There is no option “{name}”. There are: {', '.join(fields) or 'none'}.")
    try:
        return name, fields[name].clean(value)
    except ValidationError as error:
        raise CommandError(f"{name}: {' '.join(error.messages)}") from error


def _option_fields(service: Service) -> Iterable[tuple[str, Any]]:
    return ((name, field) for name, field in form_for(service).base_fields.items() if name.startswith(OPTION))


def _lines(found: dict[str, Any]) -> Iterable[str]:
    for call in found.get("calls", []):
        yield f"{call['asked']}  {call['came']}  {call['took']}"
    for item in found.get("items", []):
        yield f"{item['id'] or 'without an id'}: {_told(item)}"
    if found.get("read") is not None:
        yield f"{found['read']:,} read, {found['rejected']:,} rejected; in all: {found['total'] or 'not said'}."
    if found.get("remark"):
        yield found["remark"]


def _told(item: dict[str, Any]) -> str:
    if "reason" in item:
        return f"rejected, {item['field']}: {item['reason']}"
    return "deleted at the service" if "gone" in item else str(item["fields"][0][1])
