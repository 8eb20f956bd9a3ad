"""What every attempt at a service passes: its circuit, its pauses, its limits, shared through the database.

A database that fails lets attempts through: a console that cannot count must not stop the work.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import fields, replace
from datetime import timedelta

from django.db import Error, connection
from django.db.models import Count, Q
from django.utils import timezone

from integrations import circuit, throttle
from integrations.models import Call, Service, ServiceState
from integrations.models.call import SENT
from integrations.systems.base import System
from integrations.transport import retry
from integrations.transport.breaker import SUCCESSES, Position
from integrations.transport.codes import Code, Outcome
from integrations.transport.details import CallDetails
from integrations.transport.gate import Gate
from integrations.transport.limits import Limits
from integrations.transport.quota import Quota
from integrations.transport.waiting import LONGEST_SLEEP_S, Patience

logger = logging.getLogger(__name__)

SEEN_S = 1.0
BUDGET_WINDOW = timedelta(hours=1)
BUDGET_CALLS = 500
QUOTA_EVERY = timedelta(seconds=10)
QUOTA_MUCH = 10  # a tenth of the limit
SLACK_S = 5.0


def limits_of(service: Service, system: System) -> Limits:
    """What the service says, else what the System says its vendor allows."""
    names = [field.name for field in fields(Limits)]
    return Limits(**{name: getattr(service, name) or getattr(system.limits, name) for name in names})


class _Dispensable:
    """A database that may fail inside: said once, and the work goes on behind the block."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._has_failed = False

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        if not isinstance(error, Error):
            return False
        connection.close_if_unusable_or_obsolete()
        if not self._has_failed:
            logger.error("limits and circuit of service=%s are not kept: %s", self._service.slug, error)
        self._has_failed = True
        return True


class ServiceGate(Gate):
    """The gate of one service, for one transport; not for several threads."""

    def __init__(self, service: Service, limits: Limits) -> None:
        self._service = service
        self._limits = limits
        self._breaker = circuit.Breaker(service)
        self._seen = ServiceState()
        self._stale_at = 0.0
        self._database = _Dispensable(service)

    @contextmanager
    def passing(self) -> Iterator[float]:
        """Hold a place for one attempt; see `Gate`. What has to be waited for is waited for once, 10 s in all."""
        patience = Patience()
        with ExitStack() as leaving:
            with self._database:
                self._enter(patience, leaving)
            yield patience.waited_ms

    def _enter(self, patience: Patience, leaving: ExitStack) -> None:
        seen, now = self._look(), timezone.now()
        if (found := circuit.of(seen)).refuses(now):  # at once: nobody waits for a refusal
            raise circuit.refusal(self._service, found, now)
        if seen.limited_until:
            patience.wait_until(seen.limited_until, "The service asked for a pause.")
        self._keep_limits(patience, leaving)
        self._breaker.admit(circuit.of(self._look()), timezone.now())

    def _keep_limits(self, patience: Patience, leaving: ExitStack) -> None:
        if self._limits.concurrency:
            longest = LONGEST_SLEEP_S + self._service.connect_timeout_s + self._service.deadline_s + SLACK_S
            span = timedelta(seconds=longest)
            leaving.callback(self._leave, throttle.take_place(self._service, self._limits.concurrency, span, patience))
        if self._limits.rates:
            throttle.await_turn(self._service, self._limits.rates, patience)

    def _leave(self, holder: uuid.UUID) -> None:
        with self._database:
            throttle.leave_place(self._service, holder)

    def _look(self) -> ServiceState:
        """The state of the service; while the circuit is closed and calls succeed, at most a second old."""
        if time.monotonic() >= self._stale_at or self._seen.circuit != Position.CLOSED:
            self._seen = ServiceState.objects.get(service=self._service)
            self._stale_at = time.monotonic() + SEEN_S
        return self._seen

    def settle(self, details: CallDetails) -> None:
        """Learn from an attempt that was made, after it was recorded."""
        if details.outcome not in SUCCESSES:
            self._stale_at = 0.0
        with self._database:
            self._breaker.settle(details.outcome, timezone.now())
            if details.outcome is Outcome.LIMITED and details.retry_after:
                self._remember_pause(details.retry_after)
            if details.quota and self._is_news(details.quota):
                self._remember_quota(details.quota)

    def _remember_pause(self, seconds: float) -> None:
        until = timezone.now() + timedelta(seconds=seconds)
        state = ServiceState.objects.filter(service=self._service)
        state.filter(Q(limited_until=None) | Q(limited_until__lt=until)).update(limited_until=until)

    def _is_news(self, quota: Quota) -> bool:
        """Whether it is worth a write: a call must not cost one for a figure that staff look at now and then."""
        before, seen_at = self._seen.quota_left, self._seen.quota_seen_at
        if before is None or seen_at is None or timezone.now() - seen_at >= QUOTA_EVERY:
            return True
        return quota.left != before and (
            not quota.left or abs(quota.left - before) * QUOTA_MUCH >= (quota.limit or before)
        )

    def _remember_quota(self, quota: Quota) -> None:
        columns = {
            "quota_left": quota.left,
            "quota_limit": quota.limit,
            "quota_reset_at": quota.reset_at,
            "quota_seen_at": timezone.now(),
        }
        ServiceState.objects.filter(service=self._service).update(**columns)
        for name, value in columns.items():
            setattr(self._seen, name, value)

    def may_retry(self) -> bool:
        """Whether the circuit is closed and the budget of retries has room. Index: call_newest_of_service."""
        with self._database:
            if self._look().circuit != Position.CLOSED:
                return False
            since = timezone.now() - BUDGET_WINDOW
            made = Call.objects.filter(SENT, service=self._service, started_at__gt=since)
            newest = made.order_by("-started_at")[:BUDGET_CALLS]
            found = newest.aggregate(calls=Count("pk", Q(attempt=1)), retries=Count("pk", Q(attempt__gt=1)))
            return retry.is_affordable(**found)
        return True


class StrangersGate(ServiceGate):
    """The gate of a service for which strangers choose the remote: none of them says anything of the others."""

    def settle(self, details: CallDetails) -> None:
        """Learn that the console may call; a dead link opens no circuit, and a busy one makes nobody else wait."""
        super().settle(replace(details, code=Code.OK, retry_after=None, quota=None))


class CandidateGate(ServiceGate):
    """The gate for settings that are only tried: they keep the limits, and what becomes of them is nobody else's.

    An open circuit lets them through, since it is the settings of now that failed; one that somebody holds open does not.
    """

    def _enter(self, patience: Patience, leaving: ExitStack) -> None:
        found = circuit.of(self._look())
        if found.position is Position.HELD_OPEN:
            raise circuit.refusal(self._service, found, timezone.now())
        self._keep_limits(patience, leaving)

    def settle(self, details: CallDetails) -> None:
        """Learn nothing."""
