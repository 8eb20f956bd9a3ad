"""Verbs of rows that are marked as gone: take the mark away."""

from __future__ import annotations

from django.contrib.auth.models import User

from integrations import story
from integrations.models import RunEvent, SyncedModel, SyncRun
from integrations.ops.bells import Impossible, by
from integrations.sync import gone


def restore(row: SyncedModel, actor: User | None = None) -> None:
    """Take the mark from one row. The next run that reads everything sets it again if the item is still missing.

    Raises:
        Impossible: it is not marked.
    """
    if not gone.restore(type(row)._default_manager.filter(pk=row.pk), actor):
        raise Impossible(f"{row} is not marked as gone (any more).")


def restore_marked(run: SyncRun, actor: User | None = None, at_most: int | None = None) -> int:
    """Take the mark from all rows that this run marked and that are still gone; how many there were.

    Args:
        at_most: rows; None for however many there are.

    Raises:
        Impossible: there are none, or more.
    """
    tables = gone.marked(run)
    if at_most is not None and (count := count_marked(run)) > at_most:
        raise Impossible(
            f"{run} marked {count:,} rows as gone. So many take a while: run “manage.py restore_gone {run.pk}”."
        )
    restored = sum(gone.restore(rows, actor) for rows in tables)
    if not restored:
        raise Impossible(f"No row is marked as gone by {run} (any more).")
    story.tell(run, RunEvent.Kind.DECIDED, f"{restored:,} rows that it had marked as gone were restored {by(actor)}.")
    return restored


def count_marked(run: SyncRun) -> int:
    """How many rows `restore_marked` would restore."""
    return sum(rows.count() for rows in gone.marked(run))
