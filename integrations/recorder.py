"""CallDetails -> Call. The only writer of the call log."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db import transaction

from integrations.models import Call, CallBody, Service
from integrations.transport.details import CallDetails, Outcome


@dataclass(frozen=True)
class Cause:
    """Why a call is made: the kind of trigger and the row, if any, that asked for it."""

    trigger: str
    correlation_id: uuid.UUID
    run_id: int | None = None
    event_id: uuid.UUID | None = None
    check_row_id: int | None = None
    actor_id: int | None = None


@dataclass(frozen=True)
class Recorder:
    """A hook for the transport that writes each attempt of one service for one cause."""

    service: Service
    cause: Cause

    def __call__(self, details: CallDetails) -> None:
        """Write one row, and what was said where the service keeps that.

        Raises:
            RuntimeError: inside a transaction. Nobody may wait for the network while holding locks.
        """
        with transaction.atomic(durable=True):
            call = Call.objects.create(**self._row(details))
            if self._keeps_bodies(details):
                CallBody.objects.create(
                    call=call,
                    request_headers=dict(details.request_headers),
                    request_body=details.request_body,
                    response_headers=dict(details.response_headers),
                    response_body=details.response_body,
                )

    def _keeps_bodies(self, details: CallDetails) -> bool:
        policy = self.service.body_policy
        return policy == Service.BodyPolicy.ALL or (
            policy == Service.BodyPolicy.FAILURES and details.outcome is not Outcome.OK
        )

    def _row(self, details: CallDetails) -> dict[str, object]:
        cause = self.cause
        return {
            "service": self.service,
            "operation": details.operation,
            "method": details.method,
            "url": details.url[:2000],
            "status": details.status,
            "outcome": details.outcome,
            "error": details.error,
            "attempt": details.attempt,
            "chain": details.chain,
            "started_at": details.started_at,
            "duration_ms": details.duration_ms,
            "first_byte_ms": details.first_byte_ms,
            "request_bytes": details.request_bytes,
            "response_bytes": details.response_bytes,
            "remote_id": details.remote_id,
            "trigger": cause.trigger,
            "correlation_id": cause.correlation_id,
            "run_id": cause.run_id,
            "event_id": cause.event_id,
            "check_row_id": cause.check_row_id,
            "actor_id": cause.actor_id,
        }
