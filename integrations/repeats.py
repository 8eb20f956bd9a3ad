"""Makes a recorded call again: the same question, asked by a worker with the service's credentials of now."""

from __future__ import annotations

from django.utils import timezone

from integrations import leases
from integrations.connections import transport_for
from integrations.models import Call, CallRepeat
from integrations.repeatable import address, objection
from integrations.settling import cause_of, fail, settle
from integrations.transport.codes import Code


def run(lease: leases.Lease) -> None:
    """Make the call of the claimed repeat; the recorder writes what came of it."""
    repeat = CallRepeat.objects.select_related("call__service").get(pk=lease.pk)
    settle(lease, repeat, repeat.call.service, lambda: _ask(lease, repeat))


def _ask(lease: leases.Lease, repeat: CallRepeat) -> None:
    call = repeat.call
    if reason := objection(call):  # what was asked for a while ago need not be possible any more
        fail(lease, Code.NOT_SENDABLE, reason)
        return
    with transport_for(call.service, cause_of(repeat), lease.renew) as transport:
        transport.request(call.operation, call.method, address(call), raw=True)
    lease.finish(CallRepeat.State.SUCCEEDED, failure_code="", failure_message="")


def made_by(repeat: CallRepeat) -> Call | None:
    """The last attempt that this repeat has made. Index: call_trail."""
    if repeat.started_at is None:
        return None
    made = Call.objects.filter(
        correlation_id=repeat.correlation_id,
        trigger=cause_of(repeat).trigger,
        actor=repeat.actor_id,
        url=repeat.call.url,
        started_at__range=(repeat.started_at, repeat.finished_at or timezone.now()),
    )
    newest = made.first()
    return newest and newest.attempts.last()
