"""Keeps what was refused, within bounds: a flood fills neither the disk nor drives out what failed otherwise."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F, Sum, Window
from django.utils import timezone

from integrations.models import RefusedDelivery, Service
from integrations.systems.deliveries import Delivery, Refused
from integrations.text import storable
from integrations.transport.redaction import BLANK
from integrations.webhooks.schemes import Scheme

SIGN_SOMEBODY_IN = frozenset({"authorization", "cookie", "proxy-authorization", "x-gitlab-token"})
# Of each service and cause.
MOST = 1000
MOST_BYTES = 16 * 1024 * 1024
LARGEST = 1024 * 1024
LONGEST_HEADER, MOST_HEADERS = 2000, 100


def headers_to_keep(headers: Mapping[str, str], scheme: Scheme) -> dict[str, str]:
    """As they are shown later. A signature is no secret; what signs somebody in is one."""
    hidden = SIGN_SOMEBODY_IN | scheme.hides
    return {storable(name): BLANK if name in hidden else storable(value) for name, value in headers.items()}


def keep(service: Service, scheme: Scheme, delivery: Delivery, reason: Refused, size: int | None = None) -> None:
    """Store it, or count it where the same was refused before; drop the oldest of its kind where they are too many.

    Args:
        size: of the whole body, where it was not read.
    """
    digest = hashlib.sha256(delivery.body).hexdigest()
    headers = headers_to_keep(dict(list(delivery.headers.items())[:MOST_HEADERS]), scheme)
    newest = {
        "reason": storable(str(reason))[:300],
        "headers": {name: value[:LONGEST_HEADER] for name, value in headers.items()},
        "received_at": timezone.now(),
        "through_proxy": delivery.through_proxy,
    }
    same = RefusedDelivery.objects.filter(service=service, cause=reason.cause, body_hash=digest, accepted_at=None)
    if same.update(times=F("times") + 1, **newest):
        return
    body = delivery.body[:LARGEST]
    row = RefusedDelivery(
        service=service,
        cause=reason.cause,
        body=body,
        body_hash=digest,
        size=len(delivery.body) if size is None else size,
        kept=len(body),
        **newest,
    )
    with transaction.atomic():
        RefusedDelivery.objects.bulk_create([row], ignore_conflicts=True)
        _bound(service, reason.cause)


def as_it_came(refused: RefusedDelivery, options: Mapping[str, Any]) -> Delivery:
    """What is left of it."""
    return Delivery(refused.headers, bytes(refused.body), options, refused.through_proxy)


def _bound(service: Service, cause: str) -> None:
    newest = [F("received_at").desc(), F("pk").desc()]
    alike = RefusedDelivery.objects.filter(service=service, cause=cause).order_by(*newest)
    ranked = alike.annotate(so_far=Window(Sum("kept"), order_by=newest)).values_list("pk", "so_far")
    over = [pk for number, (pk, so_far) in enumerate(ranked) if number >= MOST or so_far > MOST_BYTES]
    if over:
        RefusedDelivery.objects.filter(pk__in=over).delete()
