"""What time brings: rows that wait and are due, rows of dead workers, schedules, health checks, old logs.

The supervisor looks every second, the queue's tick every minute; both at once do no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, Q, QuerySet
from django.utils import timezone

from integrations import incidents, leases, ops, queue, story
from integrations.models import (
    BulkOperation,
    CallRepeat,
    Derivation,
    Enrichment,
    Export,
    GeocodeBatch,
    HealthCheck,
    Incident,
    Job,
    MediaAttachment,
    Publication,
    RunEvent,
    SampleDelivery,
    ServiceState,
    Stream,
    SyncRun,
    Trial,
    WebhookEvent,
    WorkerHeartbeat,
)
from integrations.webhooks import processing

Step = tuple[Exists | Q, Callable[[], None]]  # whether there is something, and what to do then

RING_AGAIN_AFTER = timedelta(seconds=60)
AT_ONCE = 200
SETTLES = timedelta(seconds=2)  # deliveries come in bursts
MOST_DEATHS = 5
GIVE_UP: dict[type[Job], str] = {
    SyncRun: SyncRun.State.FAILED,
    WebhookEvent: WebhookEvent.State.DEAD,
    HealthCheck: HealthCheck.State.FAILED,
    MediaAttachment: MediaAttachment.State.QUARANTINED,
    Derivation: Derivation.State.FAILED,
    CallRepeat: CallRepeat.State.FAILED,
    Publication: Publication.State.FAILED,
    GeocodeBatch: GeocodeBatch.State.FAILED,
    Trial: Trial.State.FAILED,
    Enrichment: Enrichment.State.FAILED,
    BulkOperation: BulkOperation.State.FAILED,
    SampleDelivery: SampleDelivery.State.FAILED,
    Export: Export.State.FAILED,
}

# What counts the deaths of workers at it.
LOSSES: dict[type[Job], dict[str, Any]] = {
    SyncRun: {"lost": F("lost") + 1},
    WebhookEvent: {"deaths": F("deaths") + 1},
}


def start() -> None:
    """Free, ring and begin whatever its time has come for."""
    steps: list[Step] = [
        *((Exists(_expired(model)) | Exists(_unheard(model)), partial(_see_to, model)) for model in ops.TASKS),
        (Exists(_held()), _end_holds),
        (Exists(_resumed()), _release),
        (Exists(_scheduled()), _begin_scheduled),
        (Exists(_touched()), _begin_touched),
        (Exists(_asking()), _begin_checks),
    ]
    for begin in _called_for(steps):
        begin()


def _called_for(steps: Sequence[Step]) -> list[Callable[[], None]]:
    """Those for which there is something: one query tells, since it is asked every second and the answer is nearly none."""
    questions = {f"step_{number}": question for number, (question, _) in enumerate(steps)}
    # Any table would do that has one row. Where it is not written yet, all are looked at.
    answers = WorkerHeartbeat.objects.annotate(**questions).values_list(*questions).first()
    return [begin for number, (_, begin) in enumerate(steps) if answers is None or answers[number]]


def _see_to(model: type[Job]) -> None:
    _free_expired(model)
    _ring_waiting(model)


def _expired(model: type[Job]) -> QuerySet[Job]:
    return model._default_manager.filter(leases.expired())


def _free_expired(model: type[Job]) -> None:
    counters = LOSSES.get(model, {})
    for job in _expired(model)[:AT_ONCE]:
        state = leases.free(job, GIVE_UP[model], MOST_DEATHS, **counters)
        if state == GIVE_UP[model]:
            _report_death(job)
        elif state and isinstance(job, SyncRun):
            story.tell(job, RunEvent.Kind.LOST, job.lease_owner)


def _report_death(job: Job) -> None:
    message = f"The worker died {MOST_DEATHS} times in a row while working on {job}."
    if isinstance(job, SyncRun):
        story.tell(job, RunEvent.Kind.ENDED, message)
        incidents.report(job.stream.service, Incident.Kind.SYNC, "worker_died", message)
    elif isinstance(job, WebhookEvent):
        processing.close_open(job)
        incidents.report(job.service, Incident.Kind.WEBHOOK, "worker_died", message)
    elif isinstance(job, HealthCheck):
        incidents.report(job.service, Incident.Kind.HEALTH, "worker_died", message)


def _unheard(model: type[Job], is_crowded: bool = False) -> QuerySet[Job]:
    """Rows that never had a bell, or whose bell was lost.

    While many bells wait, an old one is not lost but late; ringing again would make the queue longer
    faster than workers can empty it.
    """
    now = timezone.now()
    unheard = Q(enqueued_at=None)
    if not is_crowded:
        unheard |= Q(enqueued_at__lt=now - RING_AGAIN_AFTER)
    return model._default_manager.filter(unheard, state__in=model.WAITING, due_at__lte=now)


def _ring_waiting(model: type[Job]) -> None:
    is_crowded = queue.waiting(AT_ONCE) >= AT_ONCE
    for job in _unheard(model, is_crowded).order_by("due_at").only("pk", "enqueued_at")[:AT_ONCE]:
        if job.enqueued_at and job.SWEPT:
            model._default_manager.filter(pk=job.pk).update(**job.SWEPT)
        ops.ring(job)


def _resumed() -> QuerySet[WebhookEvent]:
    """Events held while their service was paused, which it is no more. Index: event_held."""
    paused = WebhookEvent.HeldBecause.PAUSED
    held = WebhookEvent.objects.filter(state=WebhookEvent.State.HELD, held_because=paused)
    return held.filter(service__events_paused_at=None)


def _release() -> None:
    """The oldest first, and no more at a time than workers can soon see to."""
    if queue.waiting(AT_ONCE) < AT_ONCE:
        for event in _resumed().order_by("received_at").only("pk")[:AT_ONCE]:
            ops.release(event)


def _held() -> QuerySet[SyncRun]:
    """Runs that nobody decided about in time. Index: syncrun_held."""
    return SyncRun.objects.filter(state=SyncRun.State.HELD, due_at__lte=timezone.now())


def _end_holds() -> None:
    for run in _held()[:AT_ONCE]:
        _try(ops.lapse, run)


def _scheduled() -> QuerySet[Stream]:
    return Stream.objects.filter(next_run_at__lte=timezone.now())


def _begin_scheduled() -> None:
    for stream in _scheduled().select_related("service")[:AT_ONCE]:
        # Moved on first, in one conditional statement, so that of two lookers one begins.
        mine = Stream.objects.filter(pk=stream.pk, next_run_at=stream.next_run_at)
        if mine.update(next_run_at=stream.next_after(timezone.now())):
            _try(ops.sync, stream, SyncRun.Trigger.SCHEDULE)


def _touched() -> QuerySet[Stream]:
    """Streams that a delivery asked to sync, once they are free. Index: stream_touched."""
    settled = Stream.objects.filter(touched_at__lte=timezone.now() - SETTLES, paused_at=None, enabled=True)
    return settled.filter(service__enabled=True).exclude(runs__state__in=SyncRun.ACTIVE)


def _begin_touched() -> None:
    for stream in _touched().select_related("service")[:AT_ONCE]:
        _try(_begin_one_touched, stream)


def _begin_one_touched(stream: Stream) -> None:
    """Both or neither: what another delivery asks for from now on is asked for anew."""
    with transaction.atomic():
        if Stream.objects.filter(pk=stream.pk, touched_at=stream.touched_at).update(touched_at=None):
            ops.sync(stream, SyncRun.Trigger.WEBHOOK, trail=stream.touched_trail)


def _asking() -> QuerySet[ServiceState]:
    return ServiceState.objects.filter(
        next_check_at__lte=timezone.now(),
        checks_paused_at=None,
        service__enabled=True,
        service__check_every_minutes__gt=0,
    )


def _begin_checks() -> None:
    for state in _asking().select_related("service")[:AT_ONCE]:
        mine = ServiceState.objects.filter(pk=state.pk, next_check_at=state.next_check_at)
        if mine.update(next_check_at=timezone.now() + timedelta(minutes=state.service.check_every_minutes)):
            _try(ops.check, state.service, HealthCheck.Trigger.SCHEDULE)


def _try(verb: Any, *args: Any) -> None:
    try:
        verb(*args)
    except ops.Impossible:
        return  # it runs already, or was switched off a moment ago: the next time will do
