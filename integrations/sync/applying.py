"""Applies the plan of a preview: each planned change as it was planned, or not at all if its row has changed since."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from integrations import leases
from integrations.models import Change, SyncedModel, SyncRun
from integrations.sync import counting, ending, gone
from integrations.sync.preview import from_text, state_of
from integrations.sync.upsert import upsert

AT_ONCE = 200  # planned items hold whole texts
GOOD_FOR = timedelta(days=7)
AGAIN = "Press “Preview sync” at the stream again."

State = SyncRun.State


def objection(plan: SyncRun) -> str:
    """Why this plan cannot be applied, and what to do instead; empty where it can."""
    if plan.mode != SyncRun.Mode.PREVIEW:
        return "This run is no preview. Press “Preview sync” at the stream first."
    if plan.state in SyncRun.ACTIVE:
        return "This preview has not come to its end yet. Wait for it."
    if plan.state not in SyncRun.READ_TO_THE_END:
        return f"This preview did not come to its end, so that its plan is not whole. {AGAIN}"
    if applied := plan.applications.first():
        return f"{applied} applies this plan already. Look at its page."
    if not plan.created + plan.updated + plan.deleted:
        return "There is nothing to apply: everything here is as it is at the source."
    return _too_old(plan)


def objection_to_retry(run: SyncRun) -> str:
    """Why a run that applies a plan cannot go on with it; empty where it can."""
    if run.plan is None:
        return f"The plan is gone. {AGAIN}"
    newest = run.plan.applications.first()
    if newest and newest.pk != run.pk:
        return f"{newest} goes on with this plan already. Look at its page."
    if run.state not in {State.FAILED, State.CANCELLED}:
        return f"The plan is applied already. {AGAIN}"
    return _too_old(run.plan)


def _too_old(plan: SyncRun) -> str:
    if plan.finished_at and timezone.now() - plan.finished_at > GOOD_FOR:
        return f"This plan is older than {GOOD_FOR.days} days. {AGAIN}"
    return ""


def steps(run: SyncRun, lease: leases.Lease, model: type[SyncedModel]) -> Iterator[None]:
    """Apply what is left, a batch with its checkpoint in a transaction for each step."""
    while batch := _next(run):
        with transaction.atomic():
            _apply(run, lease, model, batch)
        yield


def end(run: SyncRun, lease: leases.Lease) -> None:
    """Say what was left alone."""
    with transaction.atomic():
        refused = Change.objects.filter(run=run, kind=Change.Kind.REJECTED).count()
        warning = (
            f"{refused:,} of the planned changes were left alone: their rows are no longer as they were. "
            if refused
            else ""
        )
        ending.close(run, lease, gone.Swept(warning=warning and f"{warning}{AGAIN}"), {"read_at": timezone.now()})


def _next(run: SyncRun) -> list[Change]:
    left = Change.objects.filter(run=run.plan_id, planned=True, pk__gt=run.checkpoint.get("after", 0))
    return list(left.exclude(kind=Change.Kind.REJECTED).order_by("pk")[:AT_ONCE])


def _apply(run: SyncRun, lease: leases.Lease, model: type[SyncedModel], batch: Sequence[Change]) -> None:
    rows = _rows(run, model, batch)
    refused = {change: reason for change in batch if (reason := _objection(change, rows.get(change.external_id)))}
    fit = [change for change in batch if change not in refused]
    counts = upsert(run, model, [from_text(model, change) for change in fit if change.kind != Change.Kind.DELETED])
    doomed = [change.external_id for change in fit if change.kind == Change.Kind.DELETED]
    deleted = gone.mark(run, model, doomed)
    Change.objects.bulk_create(_refusal(run, change, reason, rows) for change, reason in refused.items())
    counting.add(run, replace(counts, items=len(batch), rejected=counts.rejected + len(refused)), deleted)
    run.checkpoint = {"after": batch[-1].pk}
    run.pages += 1
    counting.write(run, lease)


def _rows(run: SyncRun, model: type[SyncedModel], batch: Sequence[Change]) -> dict[str, SyncedModel]:
    """Those of the batch, held until it is written."""
    ids = [change.external_id for change in batch]
    rows = model._default_manager.select_for_update(no_key=True).filter(service_id=run.stream.service_id)
    return {row.external_id: row for row in rows.filter(external_id__in=ids)}


def _objection(change: Change, row: SyncedModel | None) -> str:
    if state_of(row) == change.before_hash:
        return ""
    if row is None:
        return "Its row is no longer here."
    return "Its row has changed since the preview." if change.before_hash else "A row of it came since the preview."


def _refusal(run: SyncRun, change: Change, reason: str, rows: dict[str, SyncedModel]) -> Change:
    row = rows.get(change.external_id)
    return Change(
        run=run,
        model=change.model,
        object_id=row.pk if row else None,
        external_id=change.external_id,
        kind=Change.Kind.REJECTED,
        diff={"": ["", reason]},
    )
