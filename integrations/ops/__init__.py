"""The verbs: what an operator, a command or a schedule asks for.

Each writes its row first and rings the queue in the same transaction.
"""

from integrations.ops.bells import TASKS, Impossible, ask_for_beat, log_out, ring
from integrations.ops.bulk import begin_bulk, cancel_bulk
from integrations.ops.content import cancel_geocoding, geocode, publish, refresh_enrichment
from integrations.ops.deliveries import (
    MOST_REFUSED,
    Accepted,
    process_anyway,
    receive,
    send_sample,
    verify_again,
    verify_each,
    verify_held,
)
from integrations.ops.events import (
    again,
    cancel_event,
    cancel_events,
    pause_events,
    release,
    replay,
    replay_each,
    resume_events,
)
from integrations.ops.exports import cancel_export, export
from integrations.ops.gone import count_marked, restore, restore_marked
from integrations.ops.holds import approve, keep, lapse
from integrations.ops.inbox import count_errors_again, retry_errors, skip_errors
from integrations.ops.incidents import acknowledge, ignore, resolve_incident, watch
from integrations.ops.media import derive, quarantine_media, release_media, replace_media, validate
from integrations.ops.runs import (
    Outcome,
    apply_plan,
    backfill,
    cancel,
    objection,
    preview,
    retry,
    retry_each,
    run_again,
    sync,
    sync_each,
    sync_service,
)
from integrations.ops.services import (
    check,
    close_circuit,
    hold_circuit_open,
    pause_checks,
    purge_cache,
    resume_checks,
    roll_back,
    try_settings,
)
from integrations.ops.streams import forget_position, pause, resume, set_position
from integrations.ops.traffic import repeat
from integrations.ops.uploads import Brought, fetch, upload

__all__ = [
    "MOST_REFUSED",
    "TASKS",
    "Accepted",
    "Brought",
    "Impossible",
    "Outcome",
    "acknowledge",
    "again",
    "apply_plan",
    "approve",
    "ask_for_beat",
    "backfill",
    "begin_bulk",
    "cancel",
    "cancel_bulk",
    "cancel_event",
    "cancel_events",
    "cancel_export",
    "cancel_geocoding",
    "check",
    "close_circuit",
    "count_errors_again",
    "count_marked",
    "derive",
    "export",
    "fetch",
    "forget_position",
    "geocode",
    "hold_circuit_open",
    "ignore",
    "keep",
    "lapse",
    "log_out",
    "objection",
    "pause",
    "pause_checks",
    "pause_events",
    "preview",
    "process_anyway",
    "publish",
    "purge_cache",
    "quarantine_media",
    "receive",
    "refresh_enrichment",
    "release",
    "release_media",
    "repeat",
    "replace_media",
    "replay",
    "replay_each",
    "resolve_incident",
    "restore",
    "restore_marked",
    "resume",
    "resume_checks",
    "resume_events",
    "retry",
    "retry_each",
    "retry_errors",
    "ring",
    "roll_back",
    "run_again",
    "send_sample",
    "set_position",
    "skip_errors",
    "sync",
    "sync_each",
    "sync_service",
    "try_settings",
    "upload",
    "validate",
    "verify_again",
    "verify_each",
    "verify_held",
    "watch",
]
