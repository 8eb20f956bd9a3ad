"""Asks one question for a page. Whatever becomes of it, the last good value stays."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.utils import timezone

from integrations import leases
from integrations.connections import client_for
from integrations.credentials import CredentialUnavailable
from integrations.models import Call, Enrichment
from integrations.pages.kinds import KINDS, Kind, Told
from integrations.recorder import Cause
from integrations.systems import UnknownSystem
from integrations.transport.codes import Code
from integrations.transport.errors import CallError, Parked

logger = logging.getLogger(__name__)

PAUSE = timedelta(seconds=30)  # after a failure; pages that are open ask again about as often
LONGEST_S = 10.0  # a page waits much shorter, but who looks a little later finds the value


class NobodyToAsk(Exception):
    """The service was switched off or removed since the page asked."""


def run(lease: leases.Lease) -> None:
    """Ask for the claimed row, once."""
    row = Enrichment.objects.get(pk=lease.pk)
    try:
        _settle(lease, row, KINDS[row.kind])
    except leases.LostLease:
        logger.warning("enrichment %s was taken over by another worker", row.pk)


def _settle(lease: leases.Lease, row: Enrichment, kind: Kind) -> None:
    try:
        told = _ask(lease, row, kind)
    except leases.LostLease:
        raise
    except Parked as parked:
        _fail(lease, Code.RATE_LIMITED, str(parked), parked.until)
    except CallError as error:
        _fail(lease, error.code, error.for_staff())
    except (CredentialUnavailable, UnknownSystem, NobodyToAsk) as error:
        _fail(lease, "not_configured", str(error))
    except Exception as error:
        logger.exception("enrichment %s failed", row.pk)
        _fail(lease, type(error).__name__, f"The console itself failed ({type(error).__name__}); see its log.")
    else:
        _keep(lease, told, kind)


def _ask(lease: leases.Lease, row: Enrichment, kind: Kind) -> Told:
    service = kind.service()
    if service is None:
        raise NobodyToAsk(f"No service of the kind “{kind.system}” is switched on.")
    cause = Cause(Call.Trigger.PAGE, row.correlation_id, actor_id=row.actor_id)
    with client_for(service, cause, lease.renew, attempts=1, longest_s=LONGEST_S) as client:
        return kind.ask(client, row.question)


def _keep(lease: leases.Lease, told: Told, kind: Kind) -> None:
    now = timezone.now()
    # What stands in for a service that fails is asked for again as soon as after a failure.
    due_at = now + (PAUSE if told.as_of else kind.ttl)
    kept = {"value": told.value, "as_of": told.as_of or now, "due_at": due_at}
    lease.finish(Enrichment.State.SUCCEEDED, failure_code="", failure_message="", **kept)


def _fail(lease: leases.Lease, code: str, message: str, until: datetime | None = None) -> None:
    due_at = max(timezone.now() + PAUSE, until) if until else timezone.now() + PAUSE
    lease.finish(Enrichment.State.FAILED, failure_code=code, failure_message=message, due_at=due_at)
