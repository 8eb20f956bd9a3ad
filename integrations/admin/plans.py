"""The plan of a preview on the page of its run, and the button that applies it."""

from __future__ import annotations

from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from unfold.forms import BaseDialogForm

from integrations import ops
from integrations.admin.actions import may, verb
from integrations.admin.base import LogAdmin
from integrations.admin.differences import rendered
from integrations.models import Change, SyncRun
from integrations.sync import applying

SHOWN = 10


class ApplyForm(BaseDialogForm):
    """Says before how many rows of each kind are touched."""

    form_before_template = "admin/integrations/syncrun/apply.html"

    def get_before_template_context(self, request: HttpRequest, object_id: Any = None) -> dict[str, Any]:  # noqa: ARG002
        """The kinds with their numbers, or why it cannot be applied."""
        plan = SyncRun.objects.filter(pk=object_id).first() if str(object_id).isdecimal() else None
        if plan is None:
            return {}
        return {"plan": plan, "counts": _counts(plan), "objection": applying.objection(plan)}


def _counts(plan: SyncRun) -> list[tuple[str, str, int]]:
    rows = plan.changes.filter(planned=True).order_by("kind").values_list("kind").annotate(Count("pk"))
    return [(kind, Change.WOULD[kind], count) for kind, count in rows if kind != Change.Kind.REJECTED]


def plan_context(run: SyncRun) -> dict[str, Any]:
    """What the part of the page about the plan needs."""
    planned = run.changes.filter(planned=True).defer("fields")[:SHOWN]
    return {"planned": [(each, rendered(each)) for each in planned], "application": run.applications.first()}


class Plans(LogAdmin):
    """The verb of a preview's page."""

    has_apply_permission = may("integrations.apply_syncrun")

    @verb(
        "Apply this plan",
        icon="rule",
        permission="apply",
        does="Does what this preview planned, and nothing else. Rows that changed since the preview are left alone. "
        "Who applies it approves what it marks as gone; nothing is removed.",
        form=ApplyForm,
        fits=lambda run: run.mode == SyncRun.Mode.PREVIEW and run.state in SyncRun.READ_TO_THE_END,
    )
    def apply_plan(self, request: HttpRequest, _form: ApplyForm, object_id: str) -> HttpResponse:
        """Start it."""
        run, actor = self.found(request, object_id), self.person(request)
        return self.do(request, run, lambda: ops.apply_plan(run, SyncRun.Trigger.STAFF, actor), "Started:")
