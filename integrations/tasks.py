"""What the queue calls: claim the row, do the work, leave a state. A second delivery finds nothing to claim."""

from __future__ import annotations

from integrations import due, leases, ops, probe, repeats, retention, sessions
from integrations.media import validation
from integrations.models import CallRepeat, HealthCheck, MediaAttachment, SyncRun, WebhookEvent
from integrations.sync import engine
from integrations.webhooks import processing


def run_sync(pk: str) -> None:
    """One slice of a run; the next slice is a new task."""
    lease = leases.claim(SyncRun, int(pk))
    if lease and engine.run(lease):
        ops.ring(SyncRun.objects.get(pk=lease.pk))


def process_event(pk: str) -> None:
    """One attempt at an event."""
    if lease := leases.claim(WebhookEvent, pk):
        processing.process(lease)


def check_health(pk: str) -> None:
    """One probe."""
    if lease := leases.claim(HealthCheck, int(pk)):
        probe.run(lease)


def validate_media(pk: str) -> None:
    """Decode one upload."""
    if lease := leases.claim(MediaAttachment, int(pk)):
        validation.validate(lease)


def log_out(pk: str) -> None:
    """End a session that nobody uses."""
    sessions.end(int(pk))


def repeat_call(pk: str) -> None:
    """One call, made again."""
    if lease := leases.claim(CallRepeat, int(pk)):
        repeats.run(lease)


def tick() -> None:
    """Proof that workers are alive, a second look at what is due should the supervisor be gone, and tidying up."""
    leases.beat()
    due.start()
    retention.forget_old_calls()
    sessions.ask_to_end()
    retention.forget_old_secrets()
    retention.forget_old_answers()
