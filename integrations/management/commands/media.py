"""The verbs of media files for a shell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations import ops
from integrations.models import MediaAttachment


class Command(BaseCommand):
    """`manage.py media quarantine|release ID --reason …`, `manage.py media replace ID FILE`."""

    help = "Put a media file into quarantine, release it, or replace it."

    def add_arguments(self, parser: CommandParser) -> None:
        """A verb, a file, and what the verb needs."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        for name, does in (("quarantine", "show it to nobody any more"), ("release", "accept it after all")):
            verb = verbs.add_parser(name, help=does)
            verb.add_argument("id", type=int)
            verb.add_argument("--reason", required=True)
        replace = verbs.add_parser("replace", help="another file in its place, once a worker accepts it")
        replace.add_argument("id", type=int)
        replace.add_argument("path", type=Path)

    def handle(self, *_: Any, verb: str, id: int, **options: Any) -> None:  # noqa: A002 - as it is called in addresses
        """Do it and say what it is now."""
        media = MediaAttachment.objects.filter(pk=id).first()
        if media is None:
            raise CommandError(f"There is no media file {id}. The number stands in the address of its page.")
        try:
            self._do(verb, media, options)
        except (ops.Impossible, OSError) as reason:
            raise CommandError(str(reason)) from reason

    def _do(self, verb: str, media: MediaAttachment, options: dict[str, Any]) -> None:
        if verb == "replace":
            with options["path"].open("rb") as stream:
                ops.replace_media(media, File(stream, options["path"].name))
            self.stdout.write(f"A worker looks into the new file; once it is accepted it takes the place of {media}.")
            return
        done = ops.quarantine_media if verb == "quarantine" else ops.release_media
        done(media, options["reason"])
        media.refresh_from_db()
        self.stdout.write(f"{media}: {media.get_state_display()}.")
