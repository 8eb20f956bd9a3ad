"""Puts properties on the map, slice by slice: what a geocoder finds is written with the place to go on from.

Coordinates that the source of a property sends are left alone; those that a geocoder found may be found anew.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from integrations import leases, systems
from integrations.connections import client_for
from integrations.gates import limits_of
from integrations.models import GeocodeBatch, Property, Service
from integrations.settling import cause_of, fail, settle
from integrations.systems.geocoding.batches import at_once
from integrations.systems.geocoding.places import MICRODEGREE, BatchAddress, Place
from integrations.transport.codes import Code
from integrations.transport.errors import CallError

SYSTEM = "geocoding"
SLICE_S = 30.0
MOST_CHOSEN = 10_000
WINDOW = 500  # chosen ones that are looked at by one query
IN_A_ROW = 5  # so many addresses that fail one after the other are no matter of addresses
OF_THE_ADDRESS = {Code.HTTP_ERROR, Code.NOT_SENDABLE, Code.BAD_ANSWER}
NOTHING = (
    "There is nothing to look for: only properties with an address are, and without coordinates of their source. "
    "What this service did not find before is looked for again only if it is chosen."
)
CHANGED = "It was changed while it was being looked for."
LEFT_OUT = "The answer left it out."
# A source may know where a property is; only what is not known, or was found by a geocoder, is looked for.
NOWHERE = Q(latitude=None) | Q(longitude=None)
OURS_TO_FIND = NOWHERE | Q(geocoded_at__isnull=False)


@dataclass(frozen=True)
class Estimate:
    """What it would take.

    Attributes:
        seconds: at the limits of the service; 0 where it has none.
    """

    properties: int
    calls: int
    seconds: float


@dataclass(frozen=True)
class Answer:
    """What a geocoder said of one property: a place, none, or why it could not say."""

    row: Property
    place: Place | None = None
    objection: str = ""


def places() -> QuerySet[Service]:
    """Services that can be asked."""
    return Service.objects.filter(system=SYSTEM, enabled=True)


def waiting(service: Service, chosen: Sequence[int] | None = None) -> QuerySet[Property]:
    """Those of the chosen properties, or of all, that the service would be asked for, in the order of their keys.

    Of all, those are left out that the same service did not find before.
    """
    rows = _candidates(chosen)
    return rows.exclude(geocoded_by=service) if chosen is None else rows


def _candidates(chosen: Sequence[int] | None) -> QuerySet[Property]:
    rows = Property.objects.filter(deleted_at=None).exclude(address="").order_by("pk")
    return rows.filter(NOWHERE) if chosen is None else rows.filter(OURS_TO_FIND, pk__in=chosen)


def objection(service: Service, chosen: Sequence[int] | None) -> str:
    """Why this service cannot be asked for so many, in a sentence; empty where it can."""
    if service.system != SYSTEM:
        return f"{service} is no geocoder. Choose a service of the system Geocoding."
    if not service.enabled:
        return f"{service} is switched off. Enable the service first."
    if chosen is not None and len(chosen) > MOST_CHOSEN:
        return f"These are more than {MOST_CHOSEN:,} properties. Choose fewer, or geocode all without coordinates."
    return ""


def estimates(chosen: Sequence[int] | None = None) -> list[tuple[Service, Estimate]]:
    """What each service that can be asked would have to do; the properties are looked at once for all of them."""
    services = list(places())
    if not services:
        return []
    fitting = {service.pk: Q() if chosen is not None else ~Q(geocoded_by=service) for service in services}
    counts = {f"of_{pk}": Count("pk", filter=fits) for pk, fits in fitting.items()}
    found = _candidates(chosen).order_by().aggregate(**counts)
    return [(service, _estimate(service, found[f"of_{service.pk}"])) for service in services]


def _estimate(service: Service, properties: int) -> Estimate:
    calls = -(-properties // at_once(service.options))
    return Estimate(properties, calls, seconds_for(service, calls))


def seconds_for(service: Service, calls: int) -> float:
    """How long so many calls take by the slowest limit of the service."""
    rates = limits_of(service, systems.get(service.system)).rates
    return max((calls * rate.spacing_s for rate in rates), default=0.0)


def seconds_left(batch: GeocodeBatch) -> float:
    """How long the rest takes at the speed so far; by the limits where nothing is done yet."""
    left = max(0, batch.total - batch.done)
    if not batch.done or batch.started_at is None:
        return seconds_for(batch.service, -(-left // at_once(batch.service.options)))
    return left * (timezone.now() - batch.started_at).total_seconds() / batch.done


def run(lease: leases.Lease) -> bool:
    """Work on the claimed batch for one slice; True if it waits for another one."""
    batch = GeocodeBatch.objects.select_related("service").get(pk=lease.pk)
    return bool(settle(lease, batch, batch.service, lambda: _work(lease, batch)))


def _work(lease: leases.Lease, batch: GeocodeBatch) -> bool:
    started, size, failures = time.monotonic(), at_once(batch.service.options), 0
    if not batch.service.enabled:
        fail(lease, Code.NOT_SENDABLE, f"{batch.service} is switched off. Enable the service, then start again.")
        return False
    with client_for(batch.service, cause_of(batch), lease.renew) as client:
        while rows := _next(batch, size):
            answers = _ask(client, rows, failures)
            failures = failures + 1 if all(answer.objection for answer in answers) else 0
            _write(lease, batch, answers)
            if time.monotonic() - started > SLICE_S:
                lease.wait(GeocodeBatch.State.QUEUED)
                return True
    lease.finish(GeocodeBatch.State.SUCCEEDED, failure_code="", failure_message="")
    return False


def _next(batch: GeocodeBatch, size: int) -> list[Property]:
    """The next properties, so many at most; none at the end."""
    if batch.chosen is None:
        return list(waiting(batch.service).filter(pk__gt=batch.cursor)[:size])
    left = [pk for pk in batch.chosen if pk > batch.cursor]
    for start in range(0, len(left), WINDOW):
        if rows := list(waiting(batch.service, left[start : start + WINDOW])[:size]):
            return rows
    return []


def _ask(client: Any, rows: list[Property], failures: int) -> list[Answer]:
    """An answer for each row. What fails for reasons of its address alone is no failure of the batch."""
    if len(rows) > 1:
        return _ask_together(client, rows)
    (row,) = rows
    try:
        return [Answer(row, client.geocode(", ".join(filter(None, (row.address, row.city, row.postal_code)))))]
    except CallError as error:
        if error.code not in OF_THE_ADDRESS or failures + 1 >= IN_A_ROW:
            raise
        return [Answer(row, objection=str(error))]


def _ask_together(client: Any, rows: list[Property]) -> list[Answer]:
    asked = [BatchAddress(str(row.pk), row.address, row.city, postal_code=row.postal_code) for row in rows]
    results = {result.id: result for result in client.geocode_batch(asked)}
    return [
        Answer(row, results[str(row.pk)].place, LEFT_OUT if results[str(row.pk)].verdict == "No_Answer" else "")
        for row in rows
    ]


def _write(lease: leases.Lease, batch: GeocodeBatch, answers: list[Answer]) -> None:
    """What was found and the place to go on from: both or none."""
    with transaction.atomic():
        for answer in answers:
            _count(batch, answer, _store(batch.service, answer))
        batch.cursor = answers[-1].row.pk
        counts = {name: getattr(batch, name) for name in ("cursor", "found", "not_found", "failed", "remark")}
        lease.write(claims=0, failure_message="", **counts)  # progress: only deaths without any are counted


def _store(service: Service, answer: Answer) -> bool:
    """Whether it could be written: its address must still be the one that was asked for."""
    if answer.objection:
        return False
    row, place = answer.row, answer.place
    same = {"pk": row.pk, "address": row.address, "city": row.city, "postal_code": row.postal_code}
    written = Property.objects.filter(OURS_TO_FIND, **same).update(
        latitude=place and place.latitude.quantize(MICRODEGREE),
        longitude=place and place.longitude.quantize(MICRODEGREE),
        geocoded_by=service,
        geocoded_at=timezone.now(),
        geocoded_as=place.display_name[:500] if place else "",
        attribution=place.attribution if place else "",
    )
    return bool(written)


def _count(batch: GeocodeBatch, answer: Answer, is_stored: bool) -> None:
    if not is_stored:
        batch.failed += 1
        batch.remark = f"{answer.row}: {answer.objection or CHANGED}"
    elif answer.place:
        batch.found += 1
    else:
        batch.not_found += 1
