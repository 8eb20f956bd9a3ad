"""Previews in tests: one that has ended, what it planned, and the rows beside it."""

from __future__ import annotations

from typing import Any

from integrations import ops
from integrations.models import Record, Stream, SyncRun
from tests.sync.source import work


def preview(stream: Stream) -> SyncRun:
    """One that has ended."""
    return work(ops.preview(Stream.objects.get(pk=stream.pk), SyncRun.Trigger.STAFF))


def planned(run: SyncRun) -> set[tuple[str, str]]:
    """Kind and id of each change."""
    return set(run.changes.filter(planned=True).values_list("kind", "external_id"))


def rows() -> list[dict[str, Any]]:
    """Every row with all that people see of it."""
    return [dict(row) for row in Record.objects.order_by("pk").values()]
