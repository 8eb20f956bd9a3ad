"""The history of services' settings: a list of its own, a section on the page of each service, and the way back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import display
from unfold.forms import BaseDialogForm

from integrations import formatting, ops, settings_history, settings_rollback
from integrations.admin.actions import may, verb
from integrations.admin.base import LogAdmin, link
from integrations.admin.live import LivePanel
from integrations.models import Service, SettingsChange

SHOWN = 20  # entries on the service's page
WHOLE = 4000  # characters of a value on the entry's own page
IN_LIST = 3  # settings of an entry in the list


class RollbackForm(BaseDialogForm):
    """Says what would be set, and what would not; remembers what the person saw."""

    form_before_template = "admin/integrations/settingschange/rollback.html"

    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.change = _change(self.object_id)
        if self.change:
            self.fields["seen"].initial = settings_rollback.newest_of(self.change.service)

    def get_before_template_context(self, request: HttpRequest, object_id: Any = None) -> dict[str, Any]:  # noqa: ARG002
        """Each setting, now and then."""
        steps = settings_rollback.plan(self.change) if self.change else []
        needed = [_in_words(self.change.service, step) for step in steps if self.change and step.is_needed]
        return {"change": self.change, "steps": needed}


def _change(object_id: Any) -> SettingsChange | None:
    found = SettingsChange.objects.select_related("service")
    return found.filter(pk=object_id).first() if str(object_id).isdecimal() else None


def _in_words(service: Service, step: settings_rollback.Step) -> dict[str, Any]:
    words = [
        settings_history.in_words(service.system, step.line.field, value) for value in (step.now, step.line.before)
    ]
    return {"label": step.line.label, "now": words[0], "then": words[1], "step": step}


@admin.register(SettingsChange)
class SettingsChangeAdmin(LogAdmin):
    """Newest first; each entry can be taken back, which makes another one."""

    list_display = ("changed", "service", "what", "by", "kind")
    list_filter = ("service", ("how", ChoicesDropdownFilter), ("at", RangeDateTimeFilter))
    list_select_related = ("service", "actor")
    search_fields = ("service__name", "service__slug", "actor__username")
    actions_detail = ("roll_back",)
    fields = ("service_link", "changed", "by", "kind", "settings")
    readonly_fields = ("service_link", "changed", "by", "kind", "settings")
    empty_state = "Nobody has changed a setting of a service yet."

    has_roll_back_permission = may("integrations.rollback_service")

    @verb(
        "Roll back",
        icon="undo",
        permission="roll_back",
        does="Sets what this change set back to what it was before. The history says so, "
        "and that can be rolled back too.",
        form=RollbackForm,
    )
    def roll_back(self, request: HttpRequest, form: RollbackForm, object_id: str) -> HttpResponse:
        """Set it back."""
        change = self.found(request, object_id)
        how, seen = SettingsChange.How.ADMIN, form.cleaned_data["seen"]
        return self.do(request, change, lambda: ops.roll_back(change, how, self.person(request), seen), "Rolled back:")

    @display(description="changed", ordering="at")
    def changed(self, obj: SettingsChange) -> str:
        """When."""
        return formatting.moment(obj.at)

    @display(description="service")
    def service_link(self, obj: SettingsChange) -> SafeString | str:
        """Whose settings."""
        return link(obj.service)

    @display(description="by")
    def by(self, obj: SettingsChange) -> str:
        """Who."""
        return obj.who

    @display(description="how")
    def kind(self, obj: SettingsChange) -> SafeString | str:
        """Where; whether it took another one back."""
        return (
            link(obj.rolls_back, f"Rolled back change {obj.rolls_back_id}") if obj.rolls_back else obj.get_how_display()
        )

    @display(description="settings")
    def what(self, obj: SettingsChange) -> str:
        """The first few."""
        labels = [line.label for line in obj.lines]
        more = f" and {len(labels) - IN_LIST} more" if len(labels) > IN_LIST else ""
        return ", ".join(labels[:IN_LIST]) + more

    @display(description="from and to")
    def settings(self, obj: SettingsChange) -> str:
        """Each, as whole as a page can show."""
        context = {"lines": settings_history.told(obj, at_most=WHOLE)}
        return render_to_string("admin/integrations/settingschange/lines.html", context)


class SettingsHistory(LivePanel):
    """The last entries at the end of a service's page."""

    change_form_outer_after_template = "admin/integrations/settingschange/history.html"

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """The entries, and the way back for those who may take it."""
        changes = list(row.settings_changes.select_related("service", "actor", "rolls_back")[: SHOWN + 1])
        may_roll_back = request.user.has_perm("integrations.rollback_service")
        return {
            **super().page_context(request, row),
            "settings_changes": [_entry(change, may_roll_back) for change in changes[:SHOWN]],
            "more_settings_changes": len(changes) > SHOWN,
        }


def _entry(change: SettingsChange, may_roll_back: bool) -> dict[str, Any]:
    path = reverse("admin:integrations_settingschange_roll_back", args=[change.pk])
    return {
        "change": change,
        "lines": settings_history.told(change),
        "button": {"label": "Roll back", "path": path} if may_roll_back else None,
    }
