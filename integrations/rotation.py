"""Brings stored secrets under the newest key, some at a time. It can be killed at any moment and run again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import transaction

from integrations import keyring
from integrations.models import Credential

AT_ONCE = 500


@dataclass
class Batch:
    """What became of some secrets.

    Attributes:
        unreadable: a sentence for each that was left as it is.
    """

    seen: int
    renewed: int = 0
    unreadable: list[str] = field(default_factory=list)


def waiting() -> int:
    """How many secrets are stored here; references need no key."""
    return Credential.objects.exclude(ciphertext="").count()


def batches() -> Iterator[Batch]:
    """Go through all of them once; each batch is in the database when it is yielded."""
    last, rows = 0, Credential.objects.exclude(ciphertext="").select_related("service").order_by("pk")
    while found := list(rows.filter(pk__gt=last)[:AT_ONCE]):
        yield _renew(found)
        last = found[-1].pk


def _renew(rows: list[Credential]) -> Batch:
    batch, renewed = Batch(len(rows)), {}
    for row in rows:
        if keyring.is_newest(row.ciphertext):
            continue
        try:
            renewed[row] = keyring.renew(row.context, row.ciphertext)
        except keyring.Unreadable:
            batch.unreadable.append(row.objection())
    with transaction.atomic():
        # What somebody stored or wiped in between is no longer what was read, and stays.
        batch.renewed = sum(
            Credential.objects.filter(pk=row.pk, ciphertext=row.ciphertext).update(ciphertext=ciphertext)
            for row, ciphertext in renewed.items()
        )
    return batch
