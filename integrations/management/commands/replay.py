"""Process stored webhook events once more: one, or all that match a filter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations import formatting, ops
from integrations.management.bulk import follow
from integrations.models import BulkOperation, WebhookEvent
from integrations.webhooks import selection


class Command(BaseCommand):
    """`manage.py replay --filter state=dead service=github --reason WHY [--dry-run]`."""

    help = (
        "Process stored webhook events once more: --event ID, or --filter with any of "
        f"{', '.join(f'{name}=…' for name in selection.FIELDS)}."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which, why, and whether to do it."""
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--event", metavar="ID", help="one event, by the id in the address of its page")
        which.add_argument("--filter", nargs="+", metavar="NAME=VALUE", help="all that match; “all” stands for any")
        parser.add_argument("--reason", default="", help="stands at every attempt; needed with --filter")
        parser.add_argument("--cancel-pending", action="store_true", help="cancel what waits instead of replaying")
        parser.add_argument("--dry-run", action="store_true", help="say what it would touch, and do nothing")
        parser.add_argument("--wait", action="store_true", help="follow it to its end")

    def handle(self, *_: Any, event: str | None, filter: Sequence[str], **options: Any) -> None:  # noqa: A002 - the option's name
        """Do it and say so."""
        try:
            if event:
                self._one(event, options)
            else:
                self._many(_parsed(filter), options)
        except (ops.Impossible, selection.Nonsense) as problem:
            raise CommandError(str(problem)) from problem

    def _one(self, pk: str, options: dict[str, Any]) -> None:
        event = _event(pk)
        if options["dry_run"]:
            self.stdout.write(f"{event}: {event.get_state_display().lower()}. Nothing was done.")
        elif options["cancel_pending"]:
            ops.cancel_event(event)
            self.stdout.write(f"{event} is cancelled.")
        else:
            ops.replay(event, reason=options["reason"])
            self.stdout.write(f"{event} will be processed again.")

    def _many(self, wanted: dict[str, str], options: dict[str, Any]) -> None:
        verb = BulkOperation.Verb.CANCEL if options["cancel_pending"] else BulkOperation.Verb.REPLAY
        self._tell(verb, wanted)
        if options["dry_run"]:
            self.stdout.write("Nothing was done.")
            return
        operation = ops.begin_bulk(verb, wanted, options["reason"])
        self.stdout.write(f"{operation} is started.")
        if options["wait"]:
            follow(operation, self.stdout)

    def _tell(self, verb: str, wanted: dict[str, str]) -> None:
        found = selection.estimate(verb, wanted)
        more = "more than " if found.is_more else ""
        span = formatting.length_of_time(found.seconds)
        self.stdout.write(f"{selection.in_words(wanted)}: {more}{found.total:,} events, at least {span}.")
        for service, kind, number in found.groups:
            self.stdout.write(f"  {number:,} {kind or 'without a type'} from {service}")
        for event in found.sample:
            self.stdout.write(f"  for example {event.pk} {event}, {event.get_state_display().lower()}")


def _parsed(words: Sequence[str]) -> dict[str, str]:
    if list(words) == ["all"]:
        return {}
    if odd := [word for word in words if not word.partition("=")[2]]:
        raise CommandError(f"“{odd[0]}” is no filter. Write it as state=dead, or “all”.")
    return {name: value for name, _, value in (word.partition("=") for word in words)}


def _event(pk: str) -> WebhookEvent:
    try:
        return WebhookEvent.objects.defer("body", "parsed").get(pk=pk)
    except (WebhookEvent.DoesNotExist, ValidationError):
        raise CommandError(f"There is no event {pk}. Take the id from the address of its page.") from None
