"""Makes a recorded call again: the same question, asked by a worker with the service's credentials of now."""

from __future__ import annotations

import logging

from django.utils import timezone

from integrations import leases
from integrations.connections import transport_for
from integrations.credentials import CredentialUnavailable
from integrations.models import Call, CallRepeat
from integrations.recorder import Cause
from integrations.repeatable import address, objection
from integrations.systems import UnknownSystem
from integrations.transport.codes import Code
from integrations.transport.errors import CallError, Parked

logger = logging.getLogger(__name__)

MOST_CLAIMS = 5  # a remote that always asks for one more pause is not asked for ever


def run(lease: leases.Lease) -> None:
    """Make the call of the claimed repeat; the recorder writes what came of it."""
    repeat = CallRepeat.objects.select_related("call__service").get(pk=lease.pk)
    try:
        _settle(lease, repeat)
    except leases.LostLease:
        logger.warning("repeat %s was taken over by another worker", repeat.pk)


def _settle(lease: leases.Lease, repeat: CallRepeat) -> None:
    if reason := objection(repeat.call):  # what was asked for a while ago need not be possible any more
        _fail(lease, Code.NOT_SENDABLE, reason)
        return
    try:
        _ask(lease, repeat)
    except leases.LostLease:
        raise
    except Parked as parked:
        _park(lease, repeat, parked)
    except CallError as error:
        _fail(lease, error.code, error.for_staff())
    except (CredentialUnavailable, UnknownSystem) as error:
        _fail(lease, "not_configured", str(error))
    except Exception as error:
        logger.exception("repeat %s failed", repeat.pk)
        _fail(lease, type(error).__name__, f"The console itself failed ({type(error).__name__}); see its log.")
    else:
        lease.finish(CallRepeat.State.SUCCEEDED, failure_code="", failure_message="")


def _ask(lease: leases.Lease, repeat: CallRepeat) -> None:
    call = repeat.call
    cause = Cause(_trigger(repeat), repeat.correlation_id, actor_id=repeat.actor_id)
    with transport_for(call.service, cause, lease.renew) as transport:
        transport.request(call.operation, call.method, address(call), raw=True)


def _trigger(repeat: CallRepeat) -> str:
    return Call.Trigger.STAFF if repeat.actor_id else Call.Trigger.COMMAND


def _park(lease: leases.Lease, repeat: CallRepeat, parked: Parked) -> None:
    if repeat.claims < MOST_CLAIMS:
        lease.wait(CallRepeat.State.PARKED, parked.until, failure_message=f"{parked} Goes on by itself.")
    else:
        _fail(lease, Code.RATE_LIMITED, f"{parked} The console asked {MOST_CLAIMS} times. Call again later.")


def _fail(lease: leases.Lease, code: str, message: str) -> None:
    lease.finish(CallRepeat.State.FAILED, failure_code=code, failure_message=message)


def made_by(repeat: CallRepeat) -> Call | None:
    """The last attempt that this repeat has made. Indexes: call_trail, call_chain."""
    if repeat.started_at is None:
        return None
    made = Call.objects.filter(
        correlation_id=repeat.correlation_id,
        trigger=_trigger(repeat),
        actor=repeat.actor_id,
        url=repeat.call.url,
        started_at__range=(repeat.started_at, repeat.finished_at or timezone.now()),
    )
    newest = made.first()
    return newest and Call.objects.filter(chain=newest.chain)[0]
