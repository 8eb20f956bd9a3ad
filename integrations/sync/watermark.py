"""The newest change a stream knows of, from which the next run may go on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import MINYEAR, datetime

from django.db.models import Q

from integrations import systems
from integrations.models import Stream, SyncRun
from integrations.systems.base import BadItem, Gone, Item


def newest(run: SyncRun, items: Iterable[Item | BadItem | Gone]) -> datetime | None:
    """The newest change among what the reading met so far and these items, never after it began.

    What changes while a list is read may lie on a page that was read before; and a stamp of the far future
    must not hide what comes in between.
    """
    began = run.reading_since
    stamps = [_stamp(item) for item in items if isinstance(item, Item)]
    known = [min(stamp, began) for stamp in stamps if stamp and began]
    return max([*known, *([run.newest_change_at] if run.newest_change_at else [])], default=None)


def undated(items: Iterable[Item | BadItem | Gone]) -> int:
    """How many of the items do not say when they changed."""
    return sum(isinstance(item, Item) and _stamp(item) is None for item in items)


def within(run: SyncRun, items: Sequence[Item | BadItem | Gone]) -> list[Item | BadItem | Gone]:
    """Those of the run's range: all but what changed after its end. What says no time is in every range."""
    until = run.until
    if until is None:
        return list(items)
    return [item for item in items if not (isinstance(item, Item) and (stamp := _stamp(item)) and stamp > until)]


def remark(run: SyncRun) -> str:
    """What staff should know of items without a time of change, where the source forgets them between full readings."""
    stream = run.stream
    spec = systems.get(stream.service.system).stream(stream.name)
    if not spec.incremental or spec.undated == "given" or run.mode != SyncRun.Mode.FULL:
        return ""
    if not run.undated or not run.newest_change_at or not stream.full_every_hours:  # every run reads everything
        return ""
    return (
        f"{run.undated:,} of the items do not say when they changed. They were taken; what changes in them later is "
        f"only seen when everything is read, every {stream.full_every_hours} hours."
    )


def _stamp(item: Item) -> datetime | None:
    value = item.fields.get("source_modified_at")
    # On the first day of the calendar there are moments that UTC does not know.
    return value if isinstance(value, datetime) and value.tzinfo and value.year > MINYEAR else None


def advance(run: SyncRun) -> None:
    """Note how far a reading came that has reached its end; call it in the transaction that ends the run."""
    stream = Stream.objects.filter(pk=run.stream_id)
    known = Q()
    if run.mode == SyncRun.Mode.FULL:
        known = Q(watermark=None)  # of what changed alone there must have been one, unless it was forgotten meanwhile
        began = run.reading_since
        stream.filter(Q(last_full_at=None) | Q(last_full_at__lt=began)).update(last_full_at=began)
    if run.newest_change_at:
        stream.filter(known | Q(watermark__lt=run.newest_change_at)).update(watermark=run.newest_change_at)
