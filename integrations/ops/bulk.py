"""Verbs of bulk operations: ask for one, cancel it."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib.auth.models import User

from integrations import leases
from integrations.models import BulkOperation
from integrations.ops.bells import Impossible, begin, by, by_name
from integrations.webhooks import selection


def begin_bulk(
    verb: BulkOperation.Verb, wanted: Mapping[str, str], reason: str, actor: User | None = None
) -> BulkOperation:
    """Do this with every event that matches now, slice by slice.

    Raises:
        Impossible: the filter makes no sense, nothing matches, or no reason is given.
    """
    if not reason.strip():
        raise Impossible("Say why: the reason stands at every event and in the log.")
    try:
        meant = selection.fixed(wanted)
        total = selection.estimate(verb, meant).total
    except selection.Nonsense as problem:
        raise Impossible(str(problem)) from problem
    if not total:
        raise Impossible(selection.NOTHING[verb])
    row = BulkOperation(
        verb=verb, filter=meant, reason=reason[:300], total=total, actor=actor, actor_name=by_name(actor)
    )
    begin(row)
    return row


def cancel_bulk(operation: BulkOperation, actor: User | None = None) -> BulkOperation:
    """Touch no more events; what was done stays.

    Raises:
        Impossible: it has ended.
    """
    active = BulkOperation.objects.filter(pk=operation.pk, state__in=BulkOperation.ACTIVE)
    if not leases.withdraw(active, BulkOperation.State.CANCELLED, f"Cancelled {by(actor)}."):
        raise Impossible("It has ended already.")
    return operation
