"""The upload page for a shell: a folder of files."""

from __future__ import annotations

from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations import ops
from integrations.management.progress import Progress
from integrations.models import Essay, Property


def _folder(text: str) -> Path:
    path = Path(text)
    if not path.is_dir():
        raise ArgumentTypeError(f"{text} is no folder.")
    return path


class Command(BaseCommand):
    """`manage.py import_media DIR`: the worker looks into each, as if it had been uploaded."""

    help = "Upload all files of a folder and those in it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which folder, and what its files belong to."""
        parser.add_argument("folder", type=_folder)
        parser.add_argument("--essay", type=int, help="number of the essay that they belong to")
        parser.add_argument("--property", type=int, dest="land", help="number of the property that they belong to")

    def handle(self, *_: Any, folder: Path, essay: int | None, land: int | None, **__: Any) -> None:
        """Stop at the first that cannot be stored; the others were."""
        if essay and land:
            raise CommandError("Files belong to an essay or to a property, not to both.")
        brought = ops.Brought(essay=_row(Essay, essay), land=_row(Property, land))
        paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
        progress = Progress(self.stdout, len(paths))
        for path in paths:
            self._import(path, brought)
            progress.step()
        self.stdout.write(f"{len(paths):,} files are waiting for a worker.")

    def _import(self, path: Path, brought: ops.Brought) -> None:
        try:
            with path.open("rb") as stream:
                ops.upload(File(stream, path.name), brought)
        except (ops.Impossible, OSError) as reason:
            raise CommandError(f"{path}: {reason}") from reason


def _row(model: type[Any], pk: int | None) -> Any:
    if pk is None:
        return None
    found = model.objects.filter(pk=pk).first()
    if found is None:
        raise CommandError(
            f"There is no {model._meta.verbose_name} {pk}. The number stands in the address of its page."
        )
    return found
