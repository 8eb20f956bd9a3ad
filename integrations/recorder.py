"""CallDetails -> Call. The only writer of the call log."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db import Error, connection
from django.db.models import F

from integrations import rows
from integrations.models import Call, Service, ServiceState
from integrations.transport.details import CallDetails, Said

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Cause:
    """Why a call is made: the kind of trigger and the row, if any, that asked for it."""

    trigger: str
    correlation_id: uuid.UUID
    run_id: int | None = None
    event_id: uuid.UUID | None = None
    check_row_id: int | None = None
    actor_id: int | None = None


@dataclass
class Recorder:
    """A hook for the transport that writes each attempt of one service for one cause."""

    service: Service
    cause: Cause
    unrecorded: int = 0

    def __call__(self, details: CallDetails) -> None:
        """Write one row, and what was said where the service keeps that. A failing database fails no call.

        Raises:
            RuntimeError: inside a transaction. Nobody may wait for the network while holding locks.
        """
        logger.info(
            "call service=%s operation=%s outcome=%s duration_ms=%.1f",
            self.service.slug,
            details.operation,
            details.code,
            details.timings.total,
        )
        try:
            self._write(details)
        except Error as error:
            connection.close_if_unusable_or_obsolete()
            self.unrecorded += 1
            logger.error("call not recorded (%s): %s", type(error).__name__, _as_line(self._row(details)))  # noqa: TRY400 - the row matters, not the stack

    def _write(self, details: CallDetails) -> None:
        body = _body(details.request, details.response) if details.request and details.response else None
        # What a run read it can read again; see `hurry`.
        hurried = self.cause.run_id is not None
        rows.insert({"service_id": self.service.pk, **self._row(details)}, body, hurried=hurried)
        if self.unrecorded:
            state = ServiceState.objects.filter(service=self.service)
            state.update(unrecorded_calls=F("unrecorded_calls") + self.unrecorded)
            self.unrecorded = 0

    def _row(self, details: CallDetails) -> dict[str, Any]:
        timings = details.timings
        return {
            "operation": details.operation,
            "method": details.method,
            "url": details.url[:2000],
            "status": details.status,
            "outcome": details.outcome,
            "code": details.code,
            "error": details.error,
            "cache": details.cache,
            "attempt": details.attempt,
            "chain": details.chain,
            "started_at": details.started_at,
            "duration_ms": timings.total,
            "backoff_ms": timings.backoff,
            "queue_ms": timings.queue,
            "dns_ms": timings.dns,
            "connect_ms": timings.connect,
            "tls_ms": timings.tls,
            "first_byte_ms": timings.first_byte,
            "download_ms": timings.download,
            "request_bytes": details.request_bytes,
            "response_bytes": details.response_bytes,
            "remote_id": details.remote_id,
            **vars(self.cause),
        }


def record_all(rows: Iterable[Mapping[str, Any]], at_once: int = 2000) -> int:
    """Write invented calls; real ones are written one by one, as they are made. How many that were."""
    made, left = 0, iter(rows)
    while batch := [Call(**row) for row in islice(left, at_once)]:
        Call.objects.bulk_create(batch)
        made += len(batch)
    return made


def _body(request: Said, response: Said) -> dict[str, Any]:
    return {
        f"{side}_{name}": value
        for side, said in (("request", request), ("response", response))
        for name, value in (
            ("headers", dict(said.headers)),
            ("body", said.body),
            ("sha256", said.sha256),
            ("truncated", said.truncated),
        )
    }


def _as_line(row: dict[str, Any]) -> str:
    return json.dumps(row, default=str, separators=(",", ":"))
