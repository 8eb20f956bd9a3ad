"""One attempt at a stored delivery: understood by its System, its result on the row."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from integrations import incidents, leases, systems
from integrations.models import Attempt, Incident, WebhookEvent
from integrations.systems import UnknownSystem
from integrations.systems.base import Delivery, Refused
from integrations.text import storable
from integrations.transport.errors import Parked

logger = logging.getLogger(__name__)

WAITS_S = (5, 30, 300, 1800)  # after the first, second ... failed attempt; then it is given up


def process(lease: leases.Lease) -> None:
    """Try once; succeeded, parked for the next attempt, or given up."""
    event = WebhookEvent.objects.select_related("service", "actor").get(pk=lease.pk)
    attempt = _begin(event)
    try:
        summary = _handle(event)
    except Parked as parked:
        _park(lease, event, attempt, parked)
    except (Refused, UnknownSystem) as reason:
        _fail(lease, event, attempt, str(reason))
    except Exception as error:
        logger.exception("event %s failed", event.pk)
        _fail(lease, event, attempt, storable(f"The handler failed: {type(error).__name__}: {error}"))
    else:
        _succeed(lease, event, attempt, summary)


def _begin(event: WebhookEvent) -> Attempt:
    """Close what a dead worker left open and number the next one."""
    now = timezone.now()
    event.attempts.filter(outcome=Attempt.Outcome.RUNNING).update(
        outcome=Attempt.Outcome.FAILED, finished_at=now, message="The worker died."
    )
    last = event.attempts.aggregate(last=Max("number"))["last"] or 0
    return Attempt.objects.create(event=event, number=last + 1, actor_name=str(event.actor or ""))


def _handle(event: WebhookEvent) -> str:
    webhook = systems.get(event.service.system).module("webhook")
    summary: str = webhook.handle(webhook.identify(Delivery(event.headers, bytes(event.body))))
    return storable(summary)  # it quotes the sender


def _succeed(lease: leases.Lease, event: WebhookEvent, attempt: Attempt, summary: str) -> None:
    try:
        with transaction.atomic():
            lease.finish(
                WebhookEvent.State.SUCCEEDED, summary=summary[:500], failure_code="", failure_message="", actor=None
            )
            _close(attempt, Attempt.Outcome.SUCCEEDED, summary)
            incidents.resolve(event.service, Incident.Kind.WEBHOOK)
    except leases.LostLease:
        logger.warning("event %s was taken over by another worker", event.pk)


def _park(lease: leases.Lease, event: WebhookEvent, attempt: Attempt, parked: Parked) -> None:
    """Go on when the remote may be asked again; the attempt does not count, since nothing failed."""
    message = f"{parked} Goes on by itself."
    try:
        with transaction.atomic():
            lease.wait(
                WebhookEvent.State.PARKED, parked.until, failure_message=message, claims=max(event.claims - 1, 0)
            )
            _close(attempt, Attempt.Outcome.PARKED, message)
    except leases.LostLease:
        logger.warning("event %s was parked after another worker had taken it over", event.pk)


def _fail(lease: leases.Lease, event: WebhookEvent, attempt: Attempt, reason: str) -> None:
    failure = {"failure_code": "handler_failed", "failure_message": reason}
    try:
        with transaction.atomic():
            if event.claims > len(WAITS_S):
                lease.finish(WebhookEvent.State.DEAD, **failure)
                incidents.report(event.service, Incident.Kind.WEBHOOK, "handler_failed", reason)
            else:
                again = timezone.now() + timedelta(seconds=WAITS_S[event.claims - 1])
                lease.wait(WebhookEvent.State.PARKED, again, **failure)
            _close(attempt, Attempt.Outcome.FAILED, reason)
    except leases.LostLease:
        logger.warning("event %s failed after another worker had taken it over", event.pk)


def _close(attempt: Attempt, outcome: str, message: str) -> None:
    Attempt.objects.filter(pk=attempt.pk).update(outcome=outcome, message=message, finished_at=timezone.now())
