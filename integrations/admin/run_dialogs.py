"""What is asked before a run's question is answered, and before what it marked as gone is restored."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from unfold.forms import BaseDialogForm

from integrations import ops
from integrations.admin.reasons import ReasonDialog
from integrations.models import SyncRun

MOST_RESTORED = 5000  # rows, while somebody waits for the answer; the command has time


class ReasonForm(ReasonDialog):
    """Says how many rows it is about, too."""

    form_before_template = "admin/integrations/syncrun/decide.html"

    def get_before_template_context(self, request: HttpRequest, object_id: Any = None) -> dict[str, Any]:  # noqa: ARG002
        """The run that asks."""
        return {"run": _run_of(object_id)}


class RestoreForm(BaseDialogForm):
    """Says how many rows it is about."""

    form_before_template = "admin/integrations/syncrun/restore.html"

    def get_before_template_context(self, request: HttpRequest, object_id: Any = None) -> dict[str, Any]:  # noqa: ARG002
        """How many of the rows it marked are still gone."""
        run = _run_of(object_id)
        return {"count": ops.count_marked(run) if run else 0, "most": MOST_RESTORED, "run": run}


def _run_of(object_id: Any) -> SyncRun | None:
    return SyncRun.objects.filter(pk=object_id).first() if str(object_id).isdecimal() else None
