"""One health probe: a cheap call, its result in the check, in the service's state and in an incident."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from integrations import incidents, leases
from integrations.connections import client_for
from integrations.credentials import CredentialUnavailable
from integrations.models import Call, HealthCheck, HealthDay, Incident, Service, ServiceState
from integrations.recorder import Cause
from integrations.systems import UnknownSystem
from integrations.transport.codes import Code, Outcome
from integrations.transport.details import CallDetails
from integrations.transport.errors import CallError, Parked

logger = logging.getLogger(__name__)
Health = ServiceState.Health

FAILURES = 2
LOOKS_AGAIN = timedelta(seconds=30)  # after the first failure, where checks are made at all
MOST_CLAIMS = 5  # a remote that always asks for one more pause is not asked for ever


def run(lease: leases.Lease) -> None:
    """Probe the service of the claimed check, once."""
    check = HealthCheck.objects.select_related("service").get(pk=lease.pk)
    spent: list[float] = []

    def note_time(details: CallDetails) -> None:
        if details.outcome is not Outcome.NOT_SENT:
            spent.append(details.timings.total)

    cause = Cause(Call.Trigger.CHECK, check.correlation_id, check_row_id=check.pk, actor_id=check.actor_id)
    code, remark = "", ""
    try:
        with client_for(check.service, cause, note_time, attempts=1) as client:
            remark = client.check_health()
    except Parked as parked:
        if check.claims < MOST_CLAIMS:
            _park(lease, parked)
            return
        code, remark = Code.RATE_LIMITED, f"{parked} The console asked {MOST_CLAIMS} times."
    except (CallError, CredentialUnavailable, UnknownSystem) as error:
        code, remark = (
            (error.code, error.for_staff()) if isinstance(error, CallError) else ("not_configured", str(error))
        )
    except Exception as error:
        logger.exception("check %s failed", check.pk)
        code, remark = type(error).__name__, f"The console itself failed ({type(error).__name__}); see its log."
    _close(lease, check, code, remark, sum(spent) if spent else None)


def _park(lease: leases.Lease, parked: Parked) -> None:
    try:
        lease.wait(HealthCheck.State.PARKED, parked.until, remark=f"{parked} Goes on by itself.")
    except leases.LostLease:
        logger.warning("check %s was taken over by another worker", lease.pk)


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
            # What its circuit or a limit kept back says nothing of the service, and who asks for a pause is up.
            if code not in {Code.CIRCUIT_OPEN, Code.RATE_LIMITED}:
                _note(check.service, code, remark, spent_ms)
    except leases.LostLease:
        logger.warning("check %s was taken over by another worker", check.pk)


def _note(service: Service, code: str, remark: str, spent_ms: float | None) -> None:
    """Down after two failures in a row, so that one lost packet wakes nobody; up at the first success."""
    now, state = timezone.now(), ServiceState.objects.filter(service=service)
    failed = F("failed_checks") + 1 if code else 0
    state.update(checked_at=now, response_time_ms=spent_ms, remark=remark, failed_checks=failed)
    _count(service, has_failed=bool(code))
    if not code:
        if state.exclude(health=Health.HEALTHY).update(health=Health.HEALTHY, health_since=now):
            logger.info("service=%s is healthy", service.slug)
        incidents.resolve(service, Incident.Kind.HEALTH)
    elif state.filter(health=Health.HEALTHY, failed_checks__lt=FAILURES).update(next_check_at=now + LOOKS_AGAIN):
        logger.info("service=%s failed once (%s) and is asked again", service.slug, code)
    else:
        if state.exclude(health=Health.UNHEALTHY).update(health=Health.UNHEALTHY, health_since=now):
            logger.warning("service=%s is unhealthy: %s", service.slug, code)
        incidents.report(service, Incident.Kind.HEALTH, code, remark)


def _count(service: Service, *, has_failed: bool) -> None:
    day = HealthDay.objects.filter(service=service, day=timezone.localdate())
    more = {"checks": F("checks") + 1, "failed": F("failed") + int(has_failed)}
    if not day.update(**more):
        HealthDay.objects.bulk_create([HealthDay(service=service, day=timezone.localdate())], ignore_conflicts=True)
        day.update(**more)
