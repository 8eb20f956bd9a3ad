"""Verbs of webhook events: process held ones, replay, cancel, pause and resume the processing of a service."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Case, F, QuerySet, When
from django.utils import timezone

from integrations import leases
from integrations.models import Service, Trigger, WebhookEvent
from integrations.ops.bells import Impossible, by, by_name, ring

State = WebhookEvent.State
REPLAYABLE = (*WebhookEvent.ENDED, State.HELD)
# What was held back is processed for the first time, which is no replay.
ONE_MORE = Case(When(state=State.HELD, then=F("replays")), default=F("replays") + 1)


def replay(event: WebhookEvent, actor: User | None = None, reason: str = "") -> WebhookEvent:
    """Process the stored delivery once more, or for the first time if it was held back.

    Asking twice before a worker came is one replay. A person who asks for one event gets it also while the processing
    of its service is paused.

    Raises:
        Impossible: it waits or is being processed already.
    """
    with transaction.atomic():
        if not again(WebhookEvent.objects.filter(pk=event.pk), Trigger.MANUAL, actor=actor, reason=reason):
            raise Impossible("This delivery is already waiting to be processed.")
        ring(event)
    return event


def replay_each(events: QuerySet[WebhookEvent], actor: User | None, reason: str) -> int:
    """Replay those of these few events that may be, and how many that were."""
    with transaction.atomic():
        waiting = list(events.filter(state__in=REPLAYABLE).select_for_update())
        number = again(events, Trigger.MANUAL, actor=actor, reason=reason)
        for event in waiting:
            ring(event)
    return number


def again(events: QuerySet[WebhookEvent], trigger: Trigger, **values: Any) -> int:
    """Have those of these events that may be replayed wait for a worker, and how many that were; nobody rings for them."""
    anew = {"state": State.QUEUED, "held_because": "", "claims": 0, "deaths": 0, "replays": ONE_MORE}
    when = {"due_at": timezone.now(), "enqueued_at": None, "finished_at": None}
    return events.filter(state__in=REPLAYABLE).update(**anew, **when, trigger=trigger, **values)


def cancel_event(event: WebhookEvent, actor: User | None = None) -> WebhookEvent:
    """Process it no more. It stays, and can be replayed.

    Raises:
        Impossible: it does not wait for anything.
    """
    if not cancel_events(WebhookEvent.objects.filter(pk=event.pk), by(actor)):
        raise Impossible("This delivery does not wait any more: it is being processed, or has ended.")
    return event


def cancel_events(events: QuerySet[WebhookEvent], by_whom: str) -> int:
    """Process those of these events no more that wait, and how many that were."""
    pending = events.filter(state__in=WebhookEvent.PENDING)
    return leases.withdraw(pending, State.CANCELLED, f"Cancelled {by_whom}.")


def pause_events(service: Service, actor: User | None = None) -> None:
    """Store what comes for this service and process none of it until somebody resumes it.

    Raises:
        Impossible: it is paused.
    """
    going = Service.objects.filter(pk=service.pk, events_paused_at=None)
    if not going.update(events_paused_at=timezone.now(), events_paused_by=by_name(actor)):
        raise Impossible(f"The processing of {service} is paused already.")


def resume_events(service: Service) -> int:
    """Process what comes again, and what was held back meanwhile, bit by bit (`due.start`); how many those are.

    Raises:
        Impossible: it is not paused.
    """
    paused = Service.objects.filter(pk=service.pk).exclude(events_paused_at=None)
    if not paused.update(events_paused_at=None, events_paused_by=""):
        raise Impossible(f"The processing of {service} is not paused.")
    return service.events.filter(state=State.HELD, held_because=WebhookEvent.HeldBecause.PAUSED).count()


def release(event: WebhookEvent) -> None:
    """Let an event go on that was held while its service was paused; whatever had asked for it before asks still."""
    with transaction.atomic():
        held = WebhookEvent.objects.filter(pk=event.pk, state=State.HELD, held_because=WebhookEvent.HeldBecause.PAUSED)
        if held.update(state=State.QUEUED, held_because="", due_at=timezone.now()):
            ring(event)
