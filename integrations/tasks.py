"""What the queue calls: claim the row, do the work, leave a state. A second delivery finds nothing to claim."""

from __future__ import annotations

from integrations import (
    due,
    exports,
    geocoding,
    incidents,
    leases,
    ops,
    publishing,
    repeats,
    retention,
    sessions,
    side_by_side,
    trials,
)
from integrations.media import derivatives, orphans, validation
from integrations.models import (
    BulkOperation,
    CallRepeat,
    Derivation,
    Enrichment,
    Export,
    GeocodeBatch,
    MediaAttachment,
    Publication,
    SampleDelivery,
    SyncRun,
    Trial,
    WebhookEvent,
)
from integrations.pages import refreshing
from integrations.rollups import writing
from integrations.sync import engine
from integrations.webhooks import bulk, processing, samples

STEPS = (
    due.start,
    writing.roll_up,
    writing.forget_old,
    retention.forget_by_and_by,
    sessions.ask_to_end,
    retention.forget_old_secrets,
    retention.forget_old_answers,
    retention.forget_old_trials,
    retention.forget_old_refusals,
    exports.forget_old,
    incidents.tell_owners,
    orphans.tidy,
)


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
    """One probe, and beside it those that are due meanwhile."""
    side_by_side.run(int(pk))


def validate_media(pk: str) -> None:
    """Look into one upload."""
    if lease := leases.claim(MediaAttachment, int(pk)):
        validation.validate(lease)


def derive_media(pk: str) -> None:
    """All pictures of an accepted one."""
    if lease := leases.claim(Derivation, int(pk)):
        derivatives.run(lease)


def log_out(pk: str) -> None:
    """End a session that nobody uses."""
    sessions.end(int(pk))


def repeat_call(pk: str) -> None:
    """One call, made again."""
    if lease := leases.claim(CallRepeat, int(pk)):
        repeats.run(lease)


def publish_essay(pk: str) -> None:
    """One essay, committed."""
    if lease := leases.claim(Publication, int(pk)):
        publishing.run(lease)


def geocode(pk: str) -> None:
    """One slice of a batch; the next slice is a new task."""
    lease = leases.claim(GeocodeBatch, int(pk))
    if lease and geocoding.run(lease):
        ops.ring(GeocodeBatch.objects.get(pk=lease.pk))


def try_settings(pk: str) -> None:
    """One trial."""
    if lease := leases.claim(Trial, int(pk)):
        trials.run(lease)


def refresh_enrichment(pk: str) -> None:
    """One question for a page."""
    if lease := leases.claim(Enrichment, int(pk)):
        refreshing.run(lease)


def work_off_bulk(pk: str) -> None:
    """One slice of a bulk operation."""
    if lease := leases.claim(BulkOperation, int(pk)):
        bulk.run(lease)


def send_sample(pk: str) -> None:
    """One test delivery."""
    if lease := leases.claim(SampleDelivery, int(pk)):
        samples.run(lease)


def make_export(pk: str) -> None:
    """One slice of an export; the next slice is a new task."""
    lease = leases.claim(Export, int(pk))
    if lease and exports.run(lease):
        ops.ring(Export.objects.get(pk=lease.pk))


def tick() -> None:
    """Proof that workers are alive, a second look at what is due should the supervisor be gone, and tidying up."""
    leases.beat()
    for step in STEPS:
        step()
        leases.beat()  # some take their time
