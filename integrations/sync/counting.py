"""What a run has done so far: added up on the run, and written together with the rows that it stands for.

Nobody else writes these numbers while the lease holds. An error on the way ends the slice, and then the row counts.
"""

from __future__ import annotations

from dataclasses import fields

from integrations.leases import Lease
from integrations.models import SyncRun
from integrations.sync.ending import NO_FAILURE
from integrations.sync.upsert import Counts

COUNTED = tuple(field.name for field in fields(Counts))
WRITTEN = (
    *("checkpoint", "total", "pages", "worked_s", "newest_change_at", "warnings", "claims", "stalls"),
    *("deleted", "aside", "undated", *COUNTED),
)


def add(run: SyncRun, counts: Counts, deleted: int) -> None:
    """What became of a batch."""
    for name in COUNTED:
        setattr(run, name, getattr(run, name) + getattr(counts, name))
    run.deleted += deleted


def write(run: SyncRun, lease: Lease) -> None:
    """In one statement; call it in the transaction that writes the rows.

    Raises:
        LostLease: a newer claim exists; nothing was written.
    """
    run.claims = run.stalls = 0  # only deaths and failures without any progress are counted
    lease.write(**{name: getattr(run, name) for name in WRITTEN}, **NO_FAILURE)
