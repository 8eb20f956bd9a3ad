"""Puts a new key to use for what is stored already."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integrations import keyring, rotation


class Command(BaseCommand):
    """`manage.py rotate_credentials`: afterwards the older keys can go from CREDENTIAL_KEYS."""

    help = "Encrypt every stored secret with the first key in CREDENTIAL_KEYS. It may be stopped and run again."

    def handle(self, *_: Any, **__: Any) -> None:
        """Say how far it is after each batch, then what came of it."""
        if not keyring.has_keys():
            raise CommandError("CREDENTIAL_KEYS is empty. Put the new key first and the old ones after it.")
        total, seen, renewed, unreadable = rotation.waiting(), 0, 0, 0
        for batch in rotation.batches():
            seen, renewed = seen + batch.seen, renewed + batch.renewed
            unreadable += len(batch.unreadable)
            for sentence in batch.unreadable:
                self.stderr.write(sentence)
            self.stdout.write(f"{seen:,} of {total:,}")
            self.stdout.flush()  # whoever waits at the other end of a pipe sees it now
        self.stdout.write(f"{renewed:,} of {seen:,} secrets were encrypted anew with the first key.")
        if unreadable:
            raise CommandError(f"{unreadable:,} cannot be read and were left as they are. Keep the older keys.")
        self.stdout.write("The older keys are no longer needed for them.")
