"""What time brings: rows that wait and are due, rows of dead workers, schedules, health checks, old logs.

The supervisor looks every second, the queue's tick every minute; both at once do no harm.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from integrations import incidents, leases, ops, queue
from integrations.models import (
    CallRepeat,
    HealthCheck,
    Incident,
    Job,
    MediaAttachment,
    ServiceState,
    Stream,
    SyncRun,
    WebhookEvent,
)

RING_AGAIN_AFTER = timedelta(seconds=60)
AT_ONCE = 200
MOST_DEATHS = 5
GIVE_UP: dict[type[Job], str] = {
    SyncRun: SyncRun.State.FAILED,
    WebhookEvent: WebhookEvent.State.DEAD,
    HealthCheck: HealthCheck.State.FAILED,
    MediaAttachment: MediaAttachment.State.QUARANTINED,
    CallRepeat: CallRepeat.State.FAILED,
}


def start() -> None:
    """Free, ring and begin whatever its time has come for."""
    is_crowded = queue.waiting(AT_ONCE) >= AT_ONCE
    for model in ops.TASKS:
        _free_expired(model)
        _ring_waiting(model, is_crowded)
    _begin_scheduled()
    _begin_checks()


def _free_expired(model: type[Job]) -> None:
    counters: dict[str, Any] = {"lost": F("lost") + 1} if model is SyncRun else {}
    for job in model._default_manager.filter(leases.expired())[:AT_ONCE]:
        if leases.free(job, GIVE_UP[model], MOST_DEATHS, **counters):
            _report_death(job)


def _report_death(job: Job) -> None:
    message = f"The worker died {MOST_DEATHS} times in a row while working on {job}."
    if isinstance(job, SyncRun):
        incidents.report(job.stream.service, Incident.Kind.SYNC, "worker_died", message)
    elif isinstance(job, WebhookEvent):
        incidents.report(job.service, Incident.Kind.WEBHOOK, "worker_died", message)
    elif isinstance(job, HealthCheck):
        incidents.report(job.service, Incident.Kind.HEALTH, "worker_died", message)


def _ring_waiting(model: type[Job], is_crowded: bool) -> None:
    """Ring for rows that never had a bell, or whose bell was lost.

    While many bells wait, an old one is not lost but late; ringing again would make the queue longer
    faster than workers can empty it.
    """
    now = timezone.now()
    unheard = Q(enqueued_at=None)
    if not is_crowded:
        unheard |= Q(enqueued_at__lt=now - RING_AGAIN_AFTER)
    waiting = model._default_manager.filter(unheard, state__in=model.WAITING, due_at__lte=now)
    for job in waiting.order_by("due_at").only("pk")[:AT_ONCE]:
        ops.ring(job)


def _begin_scheduled() -> None:
    now = timezone.now()
    for stream in Stream.objects.filter(next_run_at__lte=now).select_related("service")[:AT_ONCE]:
        # Moved on first, in one conditional statement, so that of two lookers one begins.
        mine = Stream.objects.filter(pk=stream.pk, next_run_at=stream.next_run_at)
        if mine.update(next_run_at=stream.next_after(now)):
            _try(ops.sync, stream, SyncRun.Trigger.SCHEDULE)


def _begin_checks() -> None:
    now = timezone.now()
    asking = ServiceState.objects.filter(
        next_check_at__lte=now, service__enabled=True, service__check_every_minutes__gt=0
    ).select_related("service")
    for state in asking[:AT_ONCE]:
        mine = ServiceState.objects.filter(pk=state.pk, next_check_at=state.next_check_at)
        if mine.update(next_check_at=now + timedelta(minutes=state.service.check_every_minutes)):
            _try(ops.check, state.service, HealthCheck.Trigger.SCHEDULE)


def _try(verb: Any, *args: Any) -> None:
    try:
        verb(*args)
    except ops.Impossible:
        return  # it runs already, or was switched off a moment ago: the next time will do
