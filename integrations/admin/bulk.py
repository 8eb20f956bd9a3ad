"""Bulk operations: what somebody asked for of many deliveries, and how far that is."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.forms import BaseDialogForm

from integrations import formatting, ops
from integrations.admin.actions import button, may, verb
from integrations.admin.base import LogAdmin
from integrations.admin.live import WholePanel
from integrations.models import BulkOperation, RefusedDelivery, WebhookEvent
from integrations.webhooks import selection


def _still_refused(row: BulkOperation) -> dict[str, Any]:
    """How many of the service are, and where they stand. Index: refused_newest_of_cause."""
    waiting = RefusedDelivery.objects.filter(service__slug=row.filter["service"], accepted_at=None)
    service = waiting.values_list("service", flat=True).first()
    list_of = reverse("admin:integrations_refuseddelivery_changelist", query={"service__id__exact": service or ""})
    return {"still_refused": waiting.count(), "refused_href": list_of}


@admin.register(BulkOperation)
class BulkOperationAdmin(WholePanel, LogAdmin):
    """The page follows an operation while it works."""

    panel_template = "admin/integrations/bulkoperation/panel.html"
    panel_every = "1s"
    list_display = ("__str__", "status", "progress", "meant", "reason", "actor_name", "began")
    list_filter = (("state", ChoicesDropdownFilter), ("verb", ChoicesDropdownFilter))
    search_fields = ("reason", "actor_name")
    actions_detail = ("cancel",)
    empty_state = (
        "Nobody has replayed or cancelled many events at once. Filter the list of events and press “Replay all”."
    )

    def panel_context(self, request: HttpRequest, row: BulkOperation) -> dict[str, Any]:
        """What it was asked of, and what became of the events it had processed. Index: event_by_bulk."""
        counts = row.events.order_by().values_list("state").annotate(Count("pk"))
        labels = dict(WebhookEvent.State.choices)
        return {
            "words": selection.in_words(row.filter),
            "outcomes": [(state, labels[state], number) for state, number in sorted(counts)],
            "left_s": (row.total - row.done) / selection.PER_SECOND if row.total > row.done else 0,
            "buttons": [button(each, row) for each in self.fitting(request, row)],
            **(_still_refused(row) if row.verb == BulkOperation.Verb.VERIFY else {}),
        }

    has_cancel_permission = may("integrations.replay_all_webhookevent")

    @verb(
        "Cancel operation",
        icon="cancel",
        permission="cancel",
        does="Touches no more deliveries. What was done stays done.",
        main=False,
        fits=lambda operation: operation.state in BulkOperation.ACTIVE,
    )
    def cancel(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Stop it."""
        row = self.found(request, object_id)
        return self.do(request, row, lambda: ops.cancel_bulk(row, self.person(request)), "Cancelled:")

    @display(description="state", ordering="state")
    def status(self, obj: BulkOperation) -> SafeString:
        """In colour and words."""
        return formatting.badge(obj.state, obj.get_state_display())

    @display(description="done")
    def progress(self, obj: BulkOperation) -> str:
        """How many events, of about how many."""
        return f"{formatting.number(obj.done)} of {formatting.number(obj.total)}"

    @display(description="events")
    def meant(self, obj: BulkOperation) -> str:
        """The stored filter."""
        return selection.in_words(obj.filter)

    @display(description="asked for", ordering="created_at")
    def began(self, obj: BulkOperation) -> str:
        """When."""
        return formatting.moment(obj.created_at)
