"""A run of chosen items of the error inbox: reads from the beginning until each of them has come, writes nothing else.

Which of them came already is told by their rows: what was met again was met last by this run, or is no longer open.
So a run that parks or whose worker dies goes on like any other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from django.db.models import QuerySet

from integrations.models import RecordError, SyncRun
from integrations.sync import inbox
from integrations.sync.inbox import State
from integrations.systems.base import BadItem, Gone, Item, Page

NAMED = 5


def still_open(run: SyncRun) -> QuerySet[RecordError]:
    """What of the chosen nobody could use or wanted to skip yet."""
    return RecordError.objects.filter(stream=run.stream_id, key__in=run.chosen, state=State.OPEN)


def _waiting(run: SyncRun) -> QuerySet[RecordError]:
    """What of them this run has not met yet."""
    return still_open(run).exclude(run=run)


def all_came(run: SyncRun) -> bool:
    """Whether there is nothing left to read for; never true of a run that reads all there is."""
    return run.mode == SyncRun.Mode.ITEMS and not _waiting(run).exists()


def of(run: SyncRun, page: Page) -> Page:
    """The page with the chosen items alone; as it is, where all are wanted."""
    if run.mode != SyncRun.Mode.ITEMS:
        return page
    wanted = dict(_waiting(run).values_list("key", "external_id"))
    some_had_no_id = not all(wanted.values())

    def is_wanted(item: Item | BadItem | Gone) -> bool:
        if isinstance(item, Gone):
            return False
        return inbox.key_of(item) in wanted or (some_had_no_id and inbox.key_of_raw(item) in wanted)

    return replace(page, items=[item for item in page.items if is_wanted(item)], total=run.total)


def recognise(run: SyncRun, items: Iterable[Item | BadItem | Gone]) -> None:
    """Close what had no id when it could not be used, and has one now. Call it in the transaction that writes the items."""
    if run.mode == SyncRun.Mode.ITEMS:
        keys = [inbox.key_of_raw(item) for item in items if item.external_id and not isinstance(item, Gone)]
        _waiting(run).filter(key__in=keys, external_id="").update(state=State.RESOLVED, decision="It has an id now.")


def close(run: SyncRun) -> Iterable[str]:
    """At the end of the list: what to know of the chosen items that did not come, in a sentence or none.

    They are gone, and no longer anybody's task; but where the run has a warning they may have been missed, and stay.
    """
    missing = list(_waiting(run).order_by("pk"))
    if not missing:
        return
    names = ", ".join(error.external_id or "one without an id" for error in missing[:NAMED])
    names += f" and {len(missing) - NAMED:,} more" if len(missing) > NAMED else ""
    said = f"{len(missing):,} of the {run.total:,} chosen items did not come any more: {names}."
    if run.warnings:
        yield f"{said} They stay open, since the list may not have come whole."
        return
    inbox.close(run, _waiting(run))
    yield f"{said} They are resolved: what is not at the source cannot fail."
