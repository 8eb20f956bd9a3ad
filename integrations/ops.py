"""The verbs: what an operator, a command or a schedule asks for.

Each writes its row first and rings the queue in the same transaction. Nothing else enqueues.
"""

from __future__ import annotations

import logging

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django_q.tasks import async_task

from integrations import circuit, queue
from integrations.models import (
    Call,
    CallRepeat,
    HealthCheck,
    Job,
    MediaAttachment,
    Service,
    Stream,
    SyncRun,
    WebhookEvent,
)
from integrations.repeatable import objection

TASKS: dict[type[Job], str] = {
    SyncRun: "integrations.tasks.run_sync",
    WebhookEvent: "integrations.tasks.process_event",
    HealthCheck: "integrations.tasks.check_health",
    MediaAttachment: "integrations.tasks.validate_media",
    CallRepeat: "integrations.tasks.repeat_call",
}

logger = logging.getLogger(__name__)


class Impossible(Exception):
    """The verb makes no sense now; the text says why and what to do instead."""


def ring(job: Job) -> None:
    """Put the row into the queue. A second bell for the same row is harmless."""
    with transaction.atomic():
        type(job)._default_manager.filter(pk=job.pk).update(enqueued_at=timezone.now())
        async_task(TASKS[type(job)], str(job.pk))


def ask_for_beat() -> None:
    """Have a worker run the tick now, as proof of life."""
    async_task("integrations.tasks.tick")


def log_out(service_pk: int) -> None:
    """Have a worker end the session that the console no longer wants at this service. Asking twice is harmless."""
    async_task(queue.LOG_OUT, str(service_pk))


def sync(stream: Stream, trigger: str, actor: User | None = None, retry_of: SyncRun | None = None) -> SyncRun:
    """Start a run of this stream.

    Raises:
        Impossible: the service or stream is off, or a run is already under way.
    """
    if not stream.service.enabled:
        raise Impossible(f"{stream.service} is switched off. Enable the service first.")
    if not stream.enabled:
        raise Impossible(f"{stream} is switched off. Enable the stream first.")
    run = SyncRun(stream=stream, trigger=trigger, actor=actor, retry_of=retry_of)
    if retry_of:
        run.correlation_id = retry_of.correlation_id
    try:
        with transaction.atomic():
            run.save()
            ring(run)
    except IntegrityError:
        raise Impossible(f"{stream} is already being synced. Wait for that run to end.") from None
    return run


def sync_service(service: Service, trigger: str, actor: User | None = None) -> list[SyncRun]:
    """Start a run of every enabled stream of the service.

    Raises:
        Impossible: nothing could be started; the text says why.
    """
    streams = list(service.streams.filter(enabled=True).select_related("service"))
    if not streams:
        raise Impossible(f"{service} has no stream to sync.")
    started, reasons = [], []
    for stream in streams:
        try:
            started.append(sync(stream, trigger, actor))
        except Impossible as reason:
            reasons.append(str(reason))
    if not started:
        raise Impossible(" ".join(dict.fromkeys(reasons)))
    return started


def retry(run: SyncRun, actor: User | None = None) -> SyncRun:
    """Start again what a finished run did.

    Raises:
        Impossible: it has not ended, or another run is under way.
    """
    if run.state in SyncRun.ACTIVE:
        raise Impossible("This run has not ended yet. Wait for it.")
    return sync(run.stream, SyncRun.Trigger.RETRY, actor, retry_of=run)


def check(service: Service, trigger: str, actor: User | None = None) -> HealthCheck:
    """Probe the service; one that is already under way is returned instead of a second.

    Raises:
        Impossible: the service is off or gone.
    """
    if not service.enabled:
        raise Impossible(f"{service} is switched off. Enable the service first.")
    row = HealthCheck(service=service, trigger=trigger, actor=actor)
    try:
        with transaction.atomic():
            row.save()
            ring(row)
    except IntegrityError:
        if under_way := service.checks.filter(state__in=HealthCheck.ACTIVE).first():
            return under_way
        if not Service.objects.filter(pk=service.pk).exists():
            raise Impossible(f"{service} is gone. Somebody deleted it.") from None
        return check(service, trigger, actor)  # the other one has just ended
    return row


def close_circuit(service: Service, actor: User | None = None) -> None:
    """Let calls through again, whatever the circuit breaker found.

    Raises:
        Impossible: they are let through already.
    """
    if not circuit.close(service, timezone.now(), f"Closed {_by(actor)}."):
        raise Impossible(f"The circuit of {service} is closed already: calls are let through.")


def hold_circuit_open(service: Service, actor: User | None = None) -> None:
    """Let no call through until somebody closes the circuit.

    Raises:
        Impossible: it is held already.
    """
    if not circuit.hold_open(service, timezone.now(), f"Held open {_by(actor)}."):
        raise Impossible(f"The circuit of {service} is held open already. Close it to let calls through.")


def _by(actor: User | None) -> str:
    return f"by {actor}" if actor else "on the command line"


def repeat(call: Call, actor: User | None = None) -> CallRepeat:
    """Make a recorded call again, with the credentials and the limits of now.

    Raises:
        Impossible: it may change something, cannot be made from what was stored, or is being made already.
    """
    if reason := objection(call):
        raise Impossible(reason)
    row = CallRepeat(call=call, actor=actor, correlation_id=call.correlation_id)
    try:
        with transaction.atomic():
            row.save()
            ring(row)
    except IntegrityError:
        raise Impossible("This call is being made again already. Its result appears on its page.") from None
    return row


def replay(event: WebhookEvent, actor: User | None = None) -> WebhookEvent:
    """Process the stored delivery once more. Asking twice before a worker came is one replay.

    Raises:
        Impossible: it waits or is being processed already.
    """
    ended = WebhookEvent.objects.filter(pk=event.pk).exclude(state__in=WebhookEvent.ACTIVE)
    with transaction.atomic():
        asked = ended.update(
            state=WebhookEvent.State.QUEUED, due_at=timezone.now(), claims=0, actor=actor, finished_at=None
        )
        if not asked:
            raise Impossible("This delivery is already waiting to be processed.")
        ring(event)
    return event


def validate(media: MediaAttachment, actor: User | None = None) -> MediaAttachment:
    """Decode the file (again) and decide whether it may be shown."""
    ended = MediaAttachment.objects.filter(pk=media.pk).exclude(state=MediaAttachment.State.RUNNING)
    with transaction.atomic():
        ended.update(state=MediaAttachment.State.QUEUED, due_at=timezone.now(), claims=0, actor=actor)
        ring(media)
    return media


def receive(event: WebhookEvent) -> bool:
    """Store a believed delivery once, with its bell; True if it is new.

    A delivery that is already here gets its counter raised and is not touched otherwise.
    """
    with transaction.atomic():
        WebhookEvent.objects.bulk_create([event], ignore_conflicts=True)
        earlier = WebhookEvent.objects.filter(service=event.service, delivery_id=event.delivery_id).exclude(pk=event.pk)
        if earlier.update(duplicates=F("duplicates") + 1, last_duplicate_at=timezone.now()):
            return False
        ring(event)
    return True


def purge_cache(service: Service, actor: User | None = None) -> int:
    """Throw away what was cached of the service; how many answers that were.

    What is being asked at this moment is not kept either.
    """
    thrown, _ = service.cached_answers.filter(stored_at__isnull=False).delete()
    service.cached_answers.all().delete()
    logger.info("cache of service=%s purged %s, answers=%d", service.slug, _by(actor), thrown)
    return thrown
