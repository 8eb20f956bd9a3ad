"""One attempt at a stored delivery: understood by its System, its effect and its result written together."""

from __future__ import annotations

import logging
import random
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, Max, OuterRef
from django.utils import timezone

from integrations import effects, incidents, leases, systems
from integrations.models import Attempt, Incident, Trigger, WebhookEvent
from integrations.systems import UnknownSystem
from integrations.systems.deliveries import Delivery, Refused
from integrations.text import storable
from integrations.transport.errors import Parked

logger = logging.getLogger(__name__)

State, Outcome = WebhookEvent.State, Attempt.Outcome
WAITS_S = (5, 300, 1800, 7200, 18_000, 36_000)  # after the first, second ... failed attempt; then it is given up
JITTER = 0.1  # of a wait at most is added, so that what failed together is not tried together
ASKED_FOR = (Trigger.MANUAL, Trigger.BULK)
READ = (
    *(
        "headers",
        "body",
        "event_type",
        "correlation_id",
        "actor_id",
        "trigger",
        "reason",
        "replays",
        "claims",
        "deaths",
    ),
    *("service__system", "service__options", "service__events_paused_at"),
)
LOST = "event %s was taken over by another worker"


@dataclass(frozen=True)
class Understood:
    """What a System makes of a delivery.

    Attributes:
        handler: who handles it; empty where nobody does.
        touched: names of the streams whose items it says have changed.
    """

    summary: str
    handler: str
    touched: Collection[str] = ()


def process(lease: leases.Lease) -> None:
    """Try once; done, ignored, parked for the next attempt, given up, or held back where processing is paused."""
    event = _event(lease.pk)
    try:
        if event.service.events_paused_at and event.trigger != Trigger.MANUAL:
            _hold(lease, event)
        else:
            _attempt(lease, event, _begin(event))
    except leases.LostLease:
        logger.warning(LOST, event.pk)


def _event(pk: uuid.UUID) -> WebhookEvent:
    """With what an attempt needs and no more: this is read for each of thousands."""
    troubled = Exists(incidents.going_on(OuterRef("service"), Incident.Kind.WEBHOOK))
    found = WebhookEvent.objects.select_related("service").only(*READ)
    return found.annotate(is_troubled=troubled).get(pk=pk)


def _hold(lease: leases.Lease, event: WebhookEvent) -> None:
    """No attempt, since nothing was tried; `due.start` lets it go on once processing is resumed."""
    lease.wait(State.HELD, held_because=WebhookEvent.HeldBecause.PAUSED, claims=max(event.claims - 1, 0))


def _begin(event: WebhookEvent) -> Attempt:
    """The row of this attempt, written before the work, so that it is there if the worker dies at it."""
    asked = event.trigger in ASKED_FOR
    who = str(event.actor or "the command line") if asked else ""
    told = {"trigger": event.trigger, "actor_name": who[:150], "reason": event.reason if asked else ""}
    return Attempt.objects.create(event=event, number=_next_number(event), **told)


def _next_number(event: WebhookEvent) -> int:
    if event.trigger == Trigger.INITIAL:
        return 1
    close_open(event)
    return (event.attempts.aggregate(last=Max("number"))["last"] or 0) + 1


def close_open(event: WebhookEvent) -> None:
    """The attempt that a dead worker has left."""
    left = event.attempts.filter(outcome=Outcome.RUNNING)
    left.update(outcome=Outcome.FAILED, finished_at=timezone.now(), message="The worker died.")


def _attempt(lease: leases.Lease, event: WebhookEvent, attempt: Attempt) -> None:
    try:
        understood = _understand(event)
    except Parked as parked:
        _park(lease, event, attempt, parked)
    except (Refused, UnknownSystem) as reason:
        _fail(lease, event, attempt, str(reason))
    except Exception as error:
        logger.exception("event %s failed", event.pk)
        _fail(lease, event, attempt, storable(f"The handler failed: {type(error).__name__}: {error}"))
    else:
        _finish(lease, event, attempt, understood)


def _understand(event: WebhookEvent) -> Understood:
    system, service = systems.get(event.service.system), event.service
    webhook = system.module("webhook")
    options = {**system.defaults, **service.options}
    identity = webhook.identify(Delivery(event.headers, bytes(event.body), options))
    summary = storable(webhook.handle(identity))  # it quotes the sender
    handled = getattr(webhook, "HANDLES", None)
    if handled is not None and identity.event_type not in handled:
        return Understood(summary, handler="")
    handler = f"{system.slug}.{event.event_type or 'delivery'}"
    return Understood(summary, handler, webhook.touches(identity, options))


def _finish(lease: leases.Lease, event: WebhookEvent, attempt: Attempt, understood: Understood) -> None:
    """The state, the effect and the attempt: all or none."""
    state, outcome = (State.SUCCEEDED, Outcome.SUCCEEDED) if understood.handler else (State.IGNORED, Outcome.IGNORED)
    with transaction.atomic():
        lease.finish(state, summary=understood.summary[:500], failure_code="", failure_message="", actor=None)
        if understood.handler and effects.takes_effect(event, understood.handler):
            _ask_for_sync(event, understood.touched)
        _close(attempt, outcome, understood.summary)
        if understood.handler and event.is_troubled:  # type: ignore[attr-defined]  # see `_event`
            incidents.resolve(event.service, Incident.Kind.WEBHOOK)


def _ask_for_sync(event: WebhookEvent, names: Collection[str]) -> None:
    """Have what it touches synced soon (`due.start`); many deliveries before that ask once."""
    if names:
        touched = event.service.streams.filter(name__in=names, enabled=True, touched_at=None)
        touched.update(touched_at=timezone.now(), touched_trail=event.correlation_id)


def _park(lease: leases.Lease, event: WebhookEvent, attempt: Attempt, parked: Parked) -> None:
    """Go on when the remote may be asked again; the attempt does not count, since nothing failed."""
    message = f"{parked} Goes on by itself."
    again = {"claims": max(event.claims - 1, 0), "trigger": Trigger.AUTOMATIC}
    with transaction.atomic():
        lease.wait(State.PARKED, parked.until, failure_message=message, **again)
        _close(attempt, Outcome.PARKED, message)


def _fail(lease: leases.Lease, event: WebhookEvent, attempt: Attempt, reason: str) -> None:
    failure = {"failure_code": "handler_failed", "failure_message": reason, "trigger": Trigger.AUTOMATIC}
    failed = event.claims - event.deaths
    with transaction.atomic():
        if failed > len(WAITS_S):
            lease.finish(State.DEAD, **failure)
            incidents.report(event.service, Incident.Kind.WEBHOOK, "handler_failed", reason)
        else:
            lease.wait(State.PARKED, timezone.now() + _wait(failed), **failure)
        _close(attempt, Outcome.FAILED, reason)


def _wait(failed: int) -> timedelta:
    return timedelta(seconds=WAITS_S[failed - 1] * random.uniform(1, 1 + JITTER))  # noqa: S311 - no secret


def _close(attempt: Attempt, outcome: str, message: str) -> None:
    Attempt.objects.filter(pk=attempt.pk).update(outcome=outcome, message=message, finished_at=timezone.now())
