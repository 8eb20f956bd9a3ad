"""Works off one bulk operation, slice by slice: deliveries and the place to go on from are written together."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from integrations import leases, ops, queue
from integrations.models import BulkOperation, RefusedDelivery, Trigger, WebhookEvent
from integrations.webhooks import selection

logger = logging.getLogger(__name__)

State, Verb = BulkOperation.State, BulkOperation.Verb
Rows = QuerySet[WebhookEvent] | QuerySet[RefusedDelivery]
AT_ONCE = selection.PER_SECOND
NEXT_SLICE = timedelta(seconds=1)


def run(lease: leases.Lease) -> None:
    """One slice of the claimed operation; the supervisor rings for the next one, a second later."""
    operation = BulkOperation.objects.select_related("actor").get(pk=lease.pk)
    try:
        if queue.waiting(AT_ONCE) >= AT_ONCE:  # what was asked for before comes first
            lease.wait(State.QUEUED, timezone.now() + NEXT_SLICE, claims=0)
        else:
            _slice(lease, operation)
    except selection.Nonsense as problem:
        lease.finish(State.FAILED, failure_code="bad_filter", failure_message=f"{problem} Ask for it anew.")
    except leases.LostLease:
        logger.warning("%s was cancelled or taken over by another worker", operation)


def _slice(lease: leases.Lease, operation: BulkOperation) -> None:
    """Each delivery once: whoever is killed has written neither the deliveries nor the place."""
    with transaction.atomic():
        meant = _meant(operation)
        found = list(_after(operation, meant).values_list("received_at", "pk")[:AT_ONCE])
        if not found:
            lease.finish(State.SUCCEEDED)
            return
        operation.cursor_at, operation.cursor_id = found[-1][0], str(found[-1][1])
        operation.done += _do(operation, meant.model._default_manager.filter(pk__in=[pk for _, pk in found]))
        place = {name: getattr(operation, name) for name in ("cursor_at", "cursor_id", "done")}
        lease.wait(State.QUEUED, timezone.now() + NEXT_SLICE, claims=0, **place)


def _meant(operation: BulkOperation) -> Rows:
    if operation.verb == Verb.VERIFY:
        return RefusedDelivery.objects.filter(service__slug=operation.filter["service"], accepted_at=None)
    return selection.touched_by(operation.verb, operation.filter)


def _after(operation: BulkOperation, meant: Rows) -> Rows:
    """What is left, the oldest first."""
    if operation.cursor_at:
        same = Q(received_at=operation.cursor_at, pk__gt=operation.cursor_id)
        meant = meant.filter(Q(received_at__gt=operation.cursor_at) | same)
    return meant.order_by("received_at", "pk")


def _do(operation: BulkOperation, rows: Any) -> int:
    if operation.verb == Verb.VERIFY:
        return ops.verify_each(rows, operation.actor).accepted
    if operation.verb == Verb.CANCEL:
        return ops.cancel_events(rows, f"by {operation.actor_name}, {operation}")
    asked = {"actor": operation.actor, "reason": operation.reason, "bulk": operation}
    return ops.again(rows, Trigger.BULK, **asked)
