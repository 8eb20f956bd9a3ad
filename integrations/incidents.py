"""Failures of one kind of one service, counted in one row while they go on."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from integrations.models import Incident, Service

GOING_ON = (Incident.State.OPEN, Incident.State.ACKNOWLEDGED)


def report(service: Service, kind: str, code: str, message: str) -> None:
    """One more failure: a new incident, or the open one counted up."""
    now = timezone.now()
    same = Incident.objects.filter(service=service, kind=kind, code=code, state__in=GOING_ON)
    if same.update(count=F("count") + 1, last_at=now, message=message):
        return
    try:
        with transaction.atomic():
            Incident.objects.create(service=service, kind=kind, code=code, message=message)
    except IntegrityError:  # another worker was faster
        same.update(count=F("count") + 1, last_at=now, message=message)


def resolve(service: Service, kind: str) -> None:
    """It works again: close what is open of this kind."""
    Incident.objects.filter(service=service, kind=kind, state__in=GOING_ON).update(
        state=Incident.State.RESOLVED, resolved_at=timezone.now()
    )
