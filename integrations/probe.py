"""One health probe: a cheap call, its result in the check, in the service's state and in an incident."""

from __future__ import annotations

import logging

from django.db import transaction
from django.utils import timezone

from integrations import incidents, leases
from integrations.connections import client_for
from integrations.credentials import CredentialUnavailable
from integrations.models import Call, HealthCheck, Incident, Service, ServiceState
from integrations.recorder import Cause
from integrations.systems import UnknownSystem
from integrations.transport.details import CallDetails
from integrations.transport.errors import CallError, Parked

logger = logging.getLogger(__name__)


def run(lease: leases.Lease) -> None:
    """Probe the service of the claimed check, once."""
    check = HealthCheck.objects.select_related("service").get(pk=lease.pk)
    spent: list[float] = []

    def note_time(details: CallDetails) -> None:
        spent.append(details.duration_ms)

    cause = Cause(Call.Trigger.CHECK, check.correlation_id, check_row_id=check.pk, actor_id=check.actor_id)
    code, remark = "", ""
    try:
        with client_for(check.service, cause, note_time, attempts=1) as client:
            remark = client.check_health()
    except (CallError, Parked, CredentialUnavailable, UnknownSystem) as error:
        code, remark = _of(error)
    except Exception as error:
        logger.exception("check %s failed", check.pk)
        code, remark = type(error).__name__, f"The console itself failed ({type(error).__name__}); see its log."
    _close(lease, check, code, remark, sum(spent) if spent else None)


def _of(error: Exception) -> tuple[str, str]:
    if isinstance(error, CallError):
        return error.outcome, error.for_staff()
    return ("rate_limited" if isinstance(error, Parked) else "not_configured"), str(error)


def _close(lease: leases.Lease, check: HealthCheck, code: str, remark: str, spent_ms: float | None) -> None:
    try:
        with transaction.atomic():
            lease.finish(
                HealthCheck.State.FAILED if code else HealthCheck.State.SUCCEEDED,
                failure_code=code,
                failure_message=remark if code else "",
                remark=remark,
                response_time_ms=spent_ms,
            )
            _note(check.service, code, remark, spent_ms)
    except leases.LostLease:
        logger.warning("check %s was taken over by another worker", check.pk)


def _note(service: Service, code: str, remark: str, spent_ms: float | None) -> None:
    health, now = (ServiceState.Health.UNHEALTHY if code else ServiceState.Health.HEALTHY), timezone.now()
    state = ServiceState.objects.filter(service=service)
    state.exclude(health=health).update(health_since=now)
    state.update(health=health, checked_at=now, response_time_ms=spent_ms, remark=remark)
    if code:
        incidents.report(service, Incident.Kind.HEALTH, code, remark)
    else:
        incidents.resolve(service, Incident.Kind.HEALTH)
