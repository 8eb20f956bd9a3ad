"""Rolls the call log up. A span is always summed up whole and replaced at once, so that nothing is ever counted twice.

What is to be summed up is found in two ways: by time, as minutes close, and by key, since a call may be written long
after the minute it was started in, and by a machine whose clock is wrong. The mark says up to which key nothing can be
missed any more; from there on everything is looked at again each time, and a span whose count is right is left alone.
A span never shrinks either: calls are forgotten after their time, what they came to is not. Only `repair` lets it.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, groupby

from django.db import transaction
from django.db.models import Max, Min, QuerySet, Sum
from django.utils import timezone

from integrations.models import Call, LatencyRollup, RollupMark, Service
from integrations.rollups import raw, reading, storing
from integrations.rollups.raw import Key
from integrations.rollups.tally import Tally

MINUTE, HOUR, THREE_HOURS, DAY = LatencyRollup.Span
MADE_OF = {HOUR: MINUTE, THREE_HOURS: HOUR, DAY: THREE_HOURS}
CLOSES_AFTER = timedelta(seconds=60)  # most calls of a minute have ended and been written by then
SETTLES = timedelta(seconds=120)  # from taking a key to being seen a call takes milliseconds
AT_ONCE = 25_000  # keys, in a transaction of a second or less: on SQLite nobody else writes meanwhile
KEPT = {MINUTE: timedelta(days=3), HOUR: timedelta(days=400), THREE_HOURS: timedelta(days=400)}
NEAR = 60  # spans; to count those between costs less than to ask once more
MARGIN = timedelta(days=1)  # what is still summed up by the minute must be there by the minute
MOST_FORGOTTEN = 5000  # of a service at once

Place = tuple[int, datetime]  # a service, and the start of a span


@dataclass(frozen=True)
class Stretch:
    """Spans of one length that follow one another."""

    span: int
    since: datetime
    until: datetime

    @property
    def calls(self) -> QuerySet[Call]:
        """Those started in it. Index: call_newest."""
        return Call.objects.filter(started_at__gte=self.since, started_at__lt=self.until)

    @property
    def rollups(self) -> QuerySet[LatencyRollup]:
        """What is written of it. Index: one_rollup_per_span."""
        return LatencyRollup.objects.filter(span=self.span, start__gte=self.since, start__lt=self.until)


def roll_up(for_s: float = 20.0) -> bool:
    """Whatever is due, for about that long. Whether that was all; if not, the next time goes on."""
    end = time.monotonic() + for_s
    while _step():
        if time.monotonic() > end:
            return False
    return True


def mark() -> RollupMark:
    """How far it is; locked inside a transaction, so that of two workers one waits."""
    marks = RollupMark.objects.select_for_update()
    if found := marks.first():
        return found
    now = timezone.now()
    # An old log is begun at its first call; what is older than a few minutes cannot be missed any more.
    old = Call.objects.filter(started_at__lt=now - 5 * SETTLES).order_by("-started_at").values_list("pk", flat=True)
    before = (Call.objects.aggregate(first=Min("pk"))["first"] or 1) - 1
    seen = {"through_id": before, "seen_id": old.first() or before, "seen_at": now - SETTLES}
    RollupMark.objects.bulk_create([RollupMark(pk=1, closed_until=_closed(now), **seen)], ignore_conflicts=True)
    return marks.get()


def _closed(now: datetime) -> datetime:
    return raw.start_of(MINUTE, now - CLOSES_AFTER)


@transaction.atomic
def _step() -> bool:
    """One transaction's worth. Whether there is more."""
    at = mark()
    now = timezone.now()
    newest = Call.objects.aggregate(newest=Max("pk"))["newest"] or 0
    settled = max(at.through_id, at.seen_id) if at.seen_at <= now - SETTLES else at.through_id
    is_behind = settled - at.through_id > AT_ONCE
    through = at.through_id + AT_ONCE if is_behind else settled
    is_near = not is_behind and newest - through <= reading.MOST_UNSETTLED
    late = _late(at.through_id, newest if is_near else through, now)
    _sum_up([*late, *_closing(at, now)] if is_near else late, now)
    if is_near:
        at.closed_until = _closed(now)
    if not is_behind and not now - SETTLES < at.seen_at <= now:
        at.seen_id, at.seen_at = newest, now
    at.through_id = through
    at.save()
    return is_behind


def _late(after: int, up_to: int, now: datetime) -> list[Stretch]:
    """What the calls with these keys belong to, as far as it is closed."""
    calls = Call.objects.filter(pk__gt=after, pk__lte=up_to, started_at__lt=_closed(now)).order_by()
    numbers = calls.values_list(raw.number_of(MINUTE), flat=True).distinct()
    return list(_stretches((raw.at(number, MINUTE) for number in numbers), now))


def _closing(at: RollupMark, now: datetime) -> list[Stretch]:
    """The minutes that closed since the last time, whatever their calls' keys: a clock may have been ahead.

    Where it was ahead, minutes may have been forgotten that are not old at all: then these are looked at again.
    """
    since, until = at.closed_until, _closed(now)
    return [Stretch(MINUTE, since if since <= until else _oldest_minute(now), until)] if since != until else []


def _oldest_minute(now: datetime) -> datetime:
    return raw.start_of(HOUR, now - KEPT[MINUTE])


def _stretches(minutes: Iterable[datetime], now: datetime) -> Iterator[Stretch]:
    """Of the old ones their hours, since minutes are not kept that long; what is near each other together."""
    oldest = _oldest_minute(now)
    starts = {(MINUTE, minute) if minute >= oldest else (HOUR, raw.start_of(HOUR, minute)) for minute in minutes}
    found: list[Stretch] = []
    for span, start in sorted(starts):
        until = start + timedelta(seconds=span)
        if found and found[-1].span == span and start - found[-1].until <= timedelta(seconds=NEAR * span):
            found[-1] = Stretch(span, found[-1].since, until)
        else:
            found.append(Stretch(span, start, until))
    return iter(found)


def _sum_up(stretches: Iterable[Stretch], now: datetime) -> None:
    """Sum up what has calls that are not in its sum, and then what it is a part of, once that is closed."""
    whole = _not_forgotten()
    for stretch in stretches:
        counted, written = raw.counts(stretch.calls, stretch.span), _written(stretch)
        more = {place for place, count in counted.items() if count > written.get(place, 0)}
        _from_calls(stretch, {place for place in more if place not in written or place[1] >= now - whole[place[0]]})
        for span in MADE_OF:
            if span > stretch.span and (wider := _around(stretch, span, now)):
                _merge(wider)


def _around(stretch: Stretch, span: int, now: datetime) -> Stretch | None:
    """The closed spans of that length that it touches."""
    until = raw.start_of(span, stretch.until - timedelta(microseconds=1)) + timedelta(seconds=span)
    wider = Stretch(span, raw.start_of(span, stretch.since), min(until, raw.start_of(span, _closed(now))))
    return wider if wider.since < wider.until else None


def _written(stretch: Stretch) -> dict[Place, int]:
    """How many calls the sums hold."""
    rows = stretch.rollups.filter(operation="").order_by().values_list("service_id", "start")
    return {(service, start): calls for service, start, calls in rows.annotate(all=Sum("calls"))}


def _not_forgotten() -> dict[int, timedelta]:
    """How long each service keeps all its calls; of what began longer ago, some may be gone."""
    return {service: timedelta(days=days) for service, days in Service.objects.values_list("pk", "retention_days")}


def _from_calls(stretch: Stretch, places: set[Place]) -> None:
    if places:
        found = raw.tallies(stretch.calls.filter(service__in={service for service, _ in places}), stretch.span)
        _replace(
            stretch.span, places, {key: tally for key, tally in found.items() if (key.service, key.start) in places}
        )


def _merge(wider: Stretch) -> None:
    """Sum up from the sums of the next shorter length, where these hold more calls."""
    parts = Stretch(MADE_OF[LatencyRollup.Span(wider.span)], wider.since, wider.until)
    written, counted = _written(wider), Counter[Place]()
    for (service, start), calls in _written(parts).items():
        counted[service, raw.start_of(wider.span, start)] += calls
    more = {place for place, count in counted.items() if count > written.get(place, 0)}
    rows = parts.rollups.filter(service__in={service for service, _ in more}).exclude(operation="").order_by("start")
    merged: dict[Key, Tally] = {}
    stored = rows.values().iterator(chunk_size=2000) if more else ()
    for start, inside in groupby(stored, lambda row: raw.start_of(wider.span, row["start"])):
        found = ((Key(start, row["service_id"], row["operation"], row["outcome"]), row) for row in inside)
        merged |= reading.grouped((part for part in found if (part[0].service, start) in more), lambda key: key, Tally)
    _replace(wider.span, more, merged)


def _replace(span: int, places: set[Place], found: Mapping[Key, Tally]) -> None:
    """These sums and no others; those of all operations together are made of them."""
    by_service: dict[int, list[datetime]] = defaultdict(list)
    for service, start in places:
        by_service[service].append(start)
    for service, starts in by_service.items():
        LatencyRollup.objects.filter(service=service, span=span, start__in=starts).delete()
    storing.insert(span, chain(found.items(), raw.together(found.items()).items()))


def repair(since: datetime, until: datetime) -> int:
    """Sum the days of a range up anew from their calls, as far as these are all still there. How many days that were.

    For when calls were removed by hand, or a sum is doubted.
    """
    day, days = raw.start_of(DAY, since), 0
    while day < min(until, timezone.now()):
        days += _repair_day(Stretch(DAY, day, day + timedelta(seconds=DAY)))
        day += timedelta(seconds=DAY)
    return days


@transaction.atomic
def _repair_day(day: Stretch) -> bool:
    mark()  # so that nobody else sums up meanwhile
    now = timezone.now()
    whole = {service for service, kept in _not_forgotten().items() if day.since >= now - kept}
    LatencyRollup.objects.filter(
        service__in=whole, span__in=LatencyRollup.Span, start__gte=day.since, start__lt=day.until
    ).delete()
    minutes = (day.since + timedelta(minutes=number) for number in range(DAY // MINUTE))
    _sum_up(_stretches((minute for minute in minutes if minute < _closed(now)), now), now)
    return bool(whole)


def forget_old() -> None:
    """Sums of minutes and of hours, once they are only read as part of longer ones. Index: rollup_of_service."""
    for service in Service.objects.values_list("pk", flat=True):
        for span, kept in KEPT.items():
            old = LatencyRollup.objects.filter(service=service, span=span, start__lt=timezone.now() - kept - MARGIN)
            old.filter(pk__in=list(old.values_list("pk", flat=True)[:MOST_FORGOTTEN])).delete()
