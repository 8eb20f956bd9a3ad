"""What a run's panel shows; while the run works it is drawn anew each second, so each part is bounded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.urls import reverse

from integrations import progress, run_words, systems
from integrations.admin import waterfall
from integrations.models import Call, SyncedModel, SyncRun
from integrations.sync import gone
from integrations.sync.engine import synced_model
from integrations.systems import UnknownSystem
from integrations.systems.base import UnknownStream

SHOWN = 10
MOST_EVENTS = 30
MOST_CALLS = 10_000  # counted


@dataclass(frozen=True)
class Held:
    """The rows a run would mark as gone.

    Attributes:
        address: of the list of all of them.
    """

    rows: list[SyncedModel]
    address: str


def context(run: SyncRun) -> dict[str, Any]:
    """The counts are on the row; here what hangs on it."""
    return {
        "progress": progress.of(run),
        "who_must_act": run_words.who_must_act(run),
        "failure": run_words.code_label(run.failure_code) if run.failure_code else "",
        "what_next": run_words.what_next(run),
        "is_active": run.state in SyncRun.ACTIVE,
        "held": _held(run),
        "events": list(run.events.order_by("-pk")[:MOST_EVENTS])[::-1],
        "calls": _drawn(list(run.calls.defer("url")[:SHOWN])),
        "bar_width": waterfall.WIDTH,
        "called": run.calls.order_by()[:MOST_CALLS].count(),
        "most_calls": MOST_CALLS,
        "came": _list_of_created(run),
        "changes": run.changes.defer("diff")[:SHOWN],
        "errors": run.errors.defer("raw")[:SHOWN],
    }


def model_of(run: SyncRun) -> type[SyncedModel] | None:
    """Where its items go; None where its System is not installed any more."""
    try:
        return synced_model(systems.get(run.stream.service.system).stream(run.stream.name).model)
    except (UnknownSystem, UnknownStream):
        return None


def _list_of_created(run: SyncRun) -> str:
    """The address of the list of rows that came with the run; empty where nobody knows any more which table that is."""
    model = model_of(run)
    if model is None:
        return ""
    return reverse(f"admin:integrations_{model._meta.model_name}_changelist", query={"first_run": run.pk})


def _held(run: SyncRun) -> Held | None:
    model = model_of(run) if run.state == SyncRun.State.HELD else None
    if model is None:
        return None
    page: Any = admin.site.get_model_admin(model)
    rows = gone.missing(run, model).order_by("pk").defer(*page.not_in_list)[:SHOWN]
    address = reverse(f"admin:integrations_{model._meta.model_name}_changelist", query={"missing": run.pk})
    return Held(list(rows), address)


def _drawn(calls: list[Call]) -> list[tuple[Call, list[waterfall.Bar]]]:
    """Each with its phases, all to the scale of the longest."""
    longest = max((waterfall.whole(call) for call in calls), default=0.0)
    return [(call, waterfall.bars(call, longest)) for call in calls]
