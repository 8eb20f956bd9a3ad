"""Verbs of what was copied: essays and properties."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from integrations import geocoding, publishing
from integrations.models import Enrichment, Essay, GeocodeBatch, Property, Publication, Service
from integrations.ops.bells import Impossible, begin, by, ring


def publish(essay: Essay, service: Service, wish: publishing.Wish, actor: User | None = None) -> Publication:
    """Have a worker commit the essay, as it is now, to the repository of this service.

    Raises:
        Impossible: it cannot be committed there, or is being published already.
    """
    if reason := publishing.objection(essay, service, wish):
        raise Impossible(reason)
    row = publishing.prepared(essay, service, wish, actor)
    try:
        begin(row)
    except IntegrityError:
        raise Impossible("This essay is being published already. Its result appears on its page.") from None
    return row


def geocode(service: Service, chosen: Sequence[int] | None = None, actor: User | None = None) -> GeocodeBatch:
    """Have a worker look for the chosen properties on the map, or for all that have no coordinates.

    Raises:
        Impossible: the service is off or no geocoder, there is nothing to look for, or it is looking already.
    """
    if reason := geocoding.objection(service, chosen):
        raise Impossible(reason)
    if not (total := geocoding.waiting(service, chosen).count()):
        raise Impossible(geocoding.NOTHING)
    keys = None if chosen is None else sorted(set(chosen))
    row = GeocodeBatch(service=service, chosen=keys, total=total, actor=actor)
    try:
        begin(row)
    except IntegrityError:
        raise Impossible(f"{service} is geocoding already. Wait for the end, or cancel it.") from None
    return row


def cancel_geocoding(batch: GeocodeBatch, actor: User | None = None) -> GeocodeBatch:
    """Stop; what was found stays. A worker that is at it notices with the next answer.

    Raises:
        Impossible: it has ended.
    """
    active = GeocodeBatch.objects.filter(pk=batch.pk, state__in=GeocodeBatch.ACTIVE)
    message = f"Cancelled {by(actor)}."
    ended = {"finished_at": timezone.now(), "lease_until": None, "failure_message": message}
    if not active.update(state=GeocodeBatch.State.CANCELLED, **ended):
        raise Impossible("It has ended already.")
    return batch


def refresh_enrichment(kind: str, row: Essay | Property, question: str, actor: User | None = None) -> Enrichment:
    """Have a worker ask what a page wants to know of the row, where that is due; the row of it, as it is now.

    However many pages want the same, one asks. A value that answers another question is forgotten.
    """
    there, now = row.enrichments.filter(kind=kind), timezone.now()
    known = there.first()
    anew: dict[str, Any] = {"actor": actor, "asked_at": now, "due_at": now, "correlation_id": uuid.uuid4()}
    try:
        if known is None:
            begin(Enrichment.asked(kind, row, question=question, **anew))
        elif known.may_be_asked(question, now):
            _ask_anew(known, question, **anew)
    except IntegrityError:
        pass  # another page has just begun
    return there.get()


def _ask_anew(known: Enrichment, question: str, **values: Any) -> None:
    forgotten = {} if known.question == question else {"value": None, "as_of": None}
    same = Enrichment.objects.filter(pk=known.pk, asked_at=known.asked_at).exclude(state__in=Enrichment.ACTIVE)
    again = {"state": Enrichment.State.QUEUED, "claims": 0, "started_at": None, "finished_at": None}
    with transaction.atomic():
        if same.update(question=question, **values, **again, **forgotten):
            ring(known)
