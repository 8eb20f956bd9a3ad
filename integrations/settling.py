"""How jobs that people ask for end: done by themselves, parked for a long wait, or failed with a sentence."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from integrations import incidents, leases
from integrations.credentials import CredentialUnavailable
from integrations.models import Call, Incident, Job, Service
from integrations.recorder import Cause
from integrations.systems import UnknownSystem
from integrations.transport.codes import Code
from integrations.transport.errors import CallError, Parked

logger = logging.getLogger(__name__)

R = TypeVar("R")

MOST_CLAIMS = 5  # a remote that always asks for one more pause is not asked for ever


def cause_of(job: Job) -> Cause:
    """Why calls of this job are made: a person asked, or the command line."""
    trigger = Call.Trigger.STAFF if job.actor_id else Call.Trigger.COMMAND
    return Cause(trigger, job.correlation_id, actor_id=job.actor_id)


def settle(lease: leases.Lease, job: Job, service: Service, work: Callable[[], R]) -> R | None:
    """What the work gives, which ends the job where it succeeds; whatever stops it is said in the row and an incident."""
    kind, operation = Incident.Kind.JOB, str(job._meta.verbose_name)
    try:
        done = _try(lease, job, work)
        job.refresh_from_db(fields=["state", "failure_code", "failure_message"])
    except leases.LostLease:
        logger.warning("%s was taken from this worker", job)
        return None
    if job.state == Job.State.FAILED:
        incidents.report(service, kind, job.failure_code, job.failure_message, operation)
    elif job.state == Job.State.SUCCEEDED:
        incidents.resolve(service, kind, operation)
    return done


def fail(lease: leases.Lease, code: str, message: str) -> None:
    """Leave the job failed."""
    lease.finish(Job.State.FAILED, failure_code=code, failure_message=message)


def _try(lease: leases.Lease, job: Job, work: Callable[[], R]) -> R | None:
    try:
        return work()
    except leases.LostLease:
        raise
    except Parked as parked:
        _park(lease, job, parked)
    except CallError as error:
        fail(lease, error.code, error.for_staff())
    except (CredentialUnavailable, UnknownSystem) as error:
        fail(lease, "not_configured", str(error))
    except Exception as error:
        logger.exception("%s failed", job)
        fail(lease, type(error).__name__, f"The console itself failed ({type(error).__name__}); see its log.")
    return None


def _park(lease: leases.Lease, job: Job, parked: Parked) -> None:
    if job.claims < MOST_CLAIMS:
        lease.wait(Job.State.PARKED, parked.until, failure_message=f"{parked} Goes on by itself.")
    else:
        fail(lease, Code.RATE_LIMITED, f"{parked} The console asked {MOST_CLAIMS} times. Try again later.")
