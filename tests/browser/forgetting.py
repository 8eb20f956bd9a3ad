"""Takes away what a test left in the console of this folder, beside a worker that never rests."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Model, ProtectedError, Q

from integrations.models import (
    Call,
    Change,
    Essay,
    GeocodeBatch,
    Incident,
    LatencyRollup,
    Property,
    Service,
    Stream,
    SyncRun,
)
from tests.flows.processes import seconds_until

# In the order in which they hang on each other; the rest goes with the service itself.
ROWS: tuple[tuple[type[Model], str], ...] = (
    (Change, "run__stream__service"),
    (Essay, "service"),
    (Property, "service"),
    (GeocodeBatch, "service"),
    (SyncRun, "stream__service"),
    (Incident, "service"),
    (Call, "service"),
    (LatencyRollup, "service"),
    (Stream, "service"),
)


def forget_calls(**of: Any) -> None:
    """And what was summed up of them, which would outlive them."""
    for model in (Call, LatencyRollup):
        model._default_manager.filter(**of).delete()


def forget(*services: Service) -> None:
    """Everything of these. The worker may be writing something of theirs, so again until nothing came in between."""
    for service in services:
        seconds_until(partial(_is_gone, service), 30, f"{service} is forgotten")


def _is_gone(service: Service) -> bool:
    Service.objects.filter(pk=service.pk).update(enabled=False)
    try:
        with transaction.atomic():
            for model, path in ROWS:
                model._default_manager.filter(Q((path, service))).delete()
            Service.objects.filter(pk=service.pk).delete()
    except (IntegrityError, ProtectedError):
        return False
    return True
