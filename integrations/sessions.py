"""Ends sessions at the remote that nobody uses: services allow few at a time, and a forgotten one is an open door."""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta

from django.db.models import F, Q
from django.utils import timezone

from integrations import ops
from integrations.connections import transport_for
from integrations.credentials import CredentialUnavailable
from integrations.models import AccessToken, Call
from integrations.recorder import Cause
from integrations.systems import UnknownSystem
from integrations.tokens import opened
from integrations.transport.errors import TransportError
from integrations.transport.tokens import Token

logger = logging.getLogger(__name__)

UNUSED_FOR = timedelta(minutes=10)
AT_ONCE = 200


def ask_to_end() -> None:
    """Have a worker end what is to be ended."""
    to_end = AccessToken.objects.filter(_unwanted() | ~Q(ending=""))
    for pk in to_end.values_list("pk", flat=True)[:AT_ONCE]:
        ops.log_out(pk)


def end(service_pk: int) -> None:
    """End the session of this service if it is still unwanted; of two who try one does.

    Whatever the remote answers, nobody uses it any more, and there it ends by itself after a while.
    """
    rows = AccessToken.objects.filter(pk=service_pk)
    rows.filter(_unwanted(), ending="").update(ending=F("ciphertext"), ciphertext="")
    row = rows.exclude(ending="").select_related("service").first()
    if row is None or not rows.filter(ending=row.ending).update(ending=""):
        return
    _, token = opened(row, row.ending)
    if token and token.log_out and token.is_alive(timezone.now()):
        _log_out(row, token)


def _unwanted() -> Q:
    """Sessions of services that are off, or that nobody has used for a while."""
    unused = Q(used_at__lt=timezone.now() - UNUSED_FOR)
    return Q(unused | Q(service__enabled=False), used_at__isnull=False) & ~Q(ciphertext="")


def _log_out(row: AccessToken, token: Token) -> None:
    try:
        with transport_for(row.service, Cause(Call.Trigger.UPKEEP, uuid.uuid4()), attempts=1) as transport:
            transport.log_out(token)
    except (TransportError, CredentialUnavailable, UnknownSystem) as error:
        logger.info("The session at %s could not be ended: %s", row.service, error)
