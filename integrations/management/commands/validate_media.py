"""The verbs “Validate again” and “Regenerate derivatives” for a shell."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet

from integrations import ops
from integrations.management.progress import Progress
from integrations.media.specs import RULES
from integrations.models import MediaAttachment

State = MediaAttachment.State


class Command(BaseCommand):
    """`manage.py validate_media --all`, or with numbers; with --derivatives the pictures alone are made anew."""

    help = "Have workers look into media files again, or make their pictures anew."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which files, and what to do with them."""
        parser.add_argument(
            "ids", nargs="*", type=int, help="numbers of files; they stand in the addresses of their pages"
        )
        parser.add_argument("--all", action="store_true", help="all that a worker is not at")
        parser.add_argument("--state", choices=State.values, help="all in this state")
        parser.add_argument(
            "--derivatives",
            action="store_true",
            help="only make the pictures of accepted ones anew; all stay to be seen",
        )
        parser.add_argument(
            "--outdated", action="store_true", help="only those whose pictures were made by older rules"
        )

    def handle(self, *_: Any, derivatives: bool, **options: Any) -> None:
        """Ask for each; a worker does it."""
        rows = _chosen(options)
        if derivatives or options["outdated"]:
            rows = rows.filter(state=State.VALID, content_type__startswith="image/")
        if options["outdated"]:
            rows = rows.exclude(rules=RULES)
        self._ask(rows, ops.derive if derivatives or options["outdated"] else ops.validate)

    def _ask(self, rows: QuerySet[MediaAttachment], verb: Any) -> None:
        keys, done = list(rows.values_list("pk", flat=True)), 0
        progress = Progress(self.stdout, len(keys))
        for key in keys:
            done += self._asked(MediaAttachment.objects.filter(pk=key).first(), verb)
            progress.step()
        self.stdout.write(f"{done:,} files are waiting for a worker.")

    def _asked(self, media: MediaAttachment | None, verb: Any) -> bool:
        try:
            return bool(media and verb(media))
        except ops.Impossible as reason:
            self.stderr.write(f"{media}: {reason}")
            return False


def _chosen(options: dict[str, Any]) -> QuerySet[MediaAttachment]:
    ids, state = options["ids"], options["state"]
    if sum(map(bool, (ids, options["all"], state, options["outdated"]))) != 1:
        raise CommandError("Name files by their numbers, or say --all, --state or --outdated.")
    rows = MediaAttachment.objects.exclude(state=State.RUNNING).order_by("pk")
    if ids:
        return rows.filter(pk__in=ids)
    return rows.filter(state=state) if state else rows
