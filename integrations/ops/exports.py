"""Verbs of exports: ask for a file, and stop its making."""

from __future__ import annotations

from django.contrib.auth.models import User

from integrations import leases
from integrations.models import Export
from integrations.ops.bells import Impossible, begin, by, by_name


def export(table: str, form: str, query: str, actor: User) -> Export:
    """Have a worker write what the list shows with this filter. The same asked for twice is being written once."""
    same = Export.objects.filter(actor=actor, table=table, form=form, query=query, state__in=Export.ACTIVE)
    if row := same.first():
        return row
    row = Export(table=table, form=form, query=query, actor=actor, actor_name=by_name(actor))
    begin(row)
    return row


def cancel_export(row: Export, actor: User | None = None) -> Export:
    """Write no more of it.

    Raises:
        Impossible: it has ended.
    """
    active = Export.objects.filter(pk=row.pk, state__in=Export.ACTIVE)
    if not leases.withdraw(active, Export.State.CANCELLED, f"Cancelled {by(actor)}."):
        raise Impossible("It has ended already.")
    return row
