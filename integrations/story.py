"""The story of a run, moment by moment, for whoever asks what happened and why."""

from __future__ import annotations

from integrations.models import RunEvent, SyncRun
from integrations.text import storable


def tell(run: SyncRun, kind: RunEvent.Kind, note: str = "") -> None:
    """One more moment. Where it tells of a change of the row, call it in the transaction of that change."""
    RunEvent.objects.create(run=run, kind=kind, note=storable(note))
