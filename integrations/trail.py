"""Everything that belongs together: a delivery, the run it asked for, the calls of both, as one time line."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, QuerySet
from django.utils import timezone

from integrations import ops
from integrations.models import Call, Change, Job, SyncRun, WebhookEvent

MOST_CALLS = 200

Span = tuple[str, str, datetime, datetime]  # what, its colour, from, to


@dataclass(frozen=True)
class Step:
    """One row of the time line.

    Attributes:
        row: what it is about, for a link.
        spans: what it spent its time on, in their order; the colours are those of a call's waterfall.
        note: a sentence, or nothing.
    """

    row: Job | Call | WebhookEvent
    kind: str
    state: str
    in_words: str
    spans: Sequence[Span]
    note: str = ""

    @property
    def began(self) -> datetime:
        """When the first of its time was spent."""
        return self.spans[0][2]

    @property
    def ended(self) -> datetime:
        """When the last was; now, while it goes on."""
        return self.spans[-1][3]


@dataclass(frozen=True)
class Trail:
    """All of one correlation id, in the order of time.

    Attributes:
        is_cut: there are more calls than are shown.
    """

    steps: Sequence[Step]
    changes: Sequence[tuple[SyncRun, str, int]]
    is_cut: bool

    @property
    def began(self) -> datetime:
        """The first moment."""
        return self.steps[0].began

    @property
    def ms(self) -> float:
        """From the first moment to the last."""
        return (max(step.ended for step in self.steps) - self.began) / timedelta(milliseconds=1)


def of(correlation_id: uuid.UUID) -> Trail | None:
    """A query for each table, whatever it holds; None where nothing is known of the id. Indexes: correlation_id, call_trail."""
    jobs = [job for model in ops.TASKS for job in _rows(model, correlation_id)]
    found = Call.objects.filter(correlation_id=correlation_id).select_related("actor")
    calls = list(found.order_by("started_at", "pk")[: MOST_CALLS + 1])
    steps = [*map(_job, jobs), *map(_call, calls[:MOST_CALLS])]
    if not steps:
        return None
    return Trail(sorted(steps, key=lambda step: step.began), list(_changes(jobs)), is_cut=len(calls) > MOST_CALLS)


def _rows(model: type[Job], correlation_id: uuid.UUID) -> QuerySet[Job]:
    named_after = ("stream__service",) if model is SyncRun else ()
    rows = model._default_manager.filter(correlation_id=correlation_id)
    return rows.select_related("actor", *named_after)[:MOST_CALLS]


def _job(job: Any) -> Step:
    asked = job.received_at if isinstance(job, WebhookEvent) else job.created_at
    now = timezone.now()
    spans: list[Span] = [("Waited for a worker", "wait", asked, job.started_at or job.finished_at or now)]
    if job.started_at:
        spans.append(("Worked, or rested between two tries", "rest", job.started_at, job.finished_at or now))
    kind = str(job._meta.verbose_name).capitalize()
    return Step(job, kind, job.state, job.get_state_display(), spans, _note(job))


def _note(job: Any) -> str:
    if job.failure_message and not job.finished_at:
        return str(job.failure_message)
    return "" if job.state == Job.State.SUCCEEDED else str(job.failure_message)


def _call(call: Call) -> Step:
    spans = list(_phases(call))
    name = f"Call {call.operation}" + (f", attempt {call.attempt}" if call.attempt > 1 else "")
    return Step(call, name, call.outcome, str(call.get_code_display()), spans, call.error)


def _phases(call: Call) -> Iterator[Span]:
    """Its waits lie before its start, its other parts after it."""
    waits = (("Waited before another try", call.backoff_ms), ("Waited for a limit", call.queue_ms))
    at = call.started_at - timedelta(milliseconds=sum(ms or 0.0 for _label, ms in waits))
    connecting = sum(ms or 0.0 for ms in (call.dns_ms, call.connect_ms, call.tls_ms))
    answering = (call.first_byte_ms or 0.0) + (call.download_ms or 0.0)
    rest = max(call.duration_ms - connecting - answering, 0.0)
    parts = (
        *((label, "wait", ms) for label, ms in waits),
        ("Connecting", "connect", connecting),
        ("First byte", "answer", call.first_byte_ms),
        ("Download", "answer", call.download_ms),
        ("The rest", "rest", rest),
    )
    for label, colour, ms in parts:
        if ms:
            yield label, colour, at, (at := at + timedelta(milliseconds=ms))
    if not any(ms for *_, ms in parts):
        yield "Nothing was sent", "rest", at, at


def _changes(jobs: Iterable[Job]) -> Iterator[tuple[SyncRun, str, int]]:
    """What the runs changed, counted by kind."""
    runs = {job.pk: job for job in jobs if isinstance(job, SyncRun)}
    if not runs:
        return
    counted = Change.objects.filter(run__in=runs, planned=False).order_by().values_list("run", "kind")
    for run, kind, count in counted.annotate(Count("pk")):
        yield runs[run], Change.Kind(kind).label, count
