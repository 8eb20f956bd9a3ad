"""What can be done with many events: those chosen in the list, and all that the list shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextareaWidget

from integrations import ops
from integrations.admin import event_filters
from integrations.admin.actions import may, verb
from integrations.admin.chosen import ChosenRows
from integrations.models import BulkOperation, WebhookEvent
from integrations.ops.bells import by
from integrations.webhooks import selection

Verb = BulkOperation.Verb
ONE, ALL = "integrations.replay_webhookevent", "integrations.replay_all_webhookevent"
LIST = "admin:integrations_webhookevent_changelist"


class Reason(forms.Form):
    """Whoever asks for many says why."""

    reason = forms.CharField(max_length=300, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}))


class AllForm(Reason, BaseDialogForm):
    """Says how many events it is, of what, and shows some of them."""

    verb: Verb
    form_before_template = "admin/integrations/webhookevent/all.html"

    def get_before_template_context(self, request: HttpRequest, object_id: Any = None) -> dict[str, Any]:  # noqa: ARG002
        """What the list is filtered by, and what the verb would touch of it."""
        try:
            wanted = event_filters.shown_to(request)
            return {"words": selection.in_words(wanted), "estimate": selection.estimate(self.verb, wanted)}
        except selection.Nonsense as problem:
            return {"objection": str(problem)}


class ReplayAllForm(AllForm):
    """Of a replay."""

    verb = Verb.REPLAY


class CancelAllForm(AllForm):
    """Of a cancellation."""

    verb = Verb.CANCEL


class ManyEvents(ChosenRows):
    """The verbs of the list."""

    actions_list: tuple[str, ...] = ("replay_all", "cancel_all")
    chosen_verbs = {"replay_chosen": ONE, "cancel_chosen": ONE}

    has_replay_all_permission = may(ALL)

    @verb(
        "Replay all",
        icon="replay",
        permission="replay_all",
        does="Processes every event that this list shows once more, at most 100 a second. What was held back is processed. "
        "The page that comes next shows how far it is and can cancel it.",
        form=ReplayAllForm,
    )
    def replay_all(self, request: HttpRequest, form: AllForm) -> HttpResponse:
        """Have a worker do it."""
        return self._begin(request, form)

    @verb(
        "Cancel pending",
        icon="cancel",
        permission="replay_all",
        does="Processes none of the events that this list shows and that wait or are held back. They stay, and can be "
        "replayed.",
        main=False,
        form=CancelAllForm,
    )
    def cancel_all(self, request: HttpRequest, form: AllForm) -> HttpResponse:
        """Have a worker do it."""
        return self._begin(request, form)

    def _begin(self, request: HttpRequest, form: AllForm) -> HttpResponse:
        try:
            wanted, reason = event_filters.shown_to(request), form.cleaned_data["reason"]
            address = ops.begin_bulk(form.verb, wanted, reason, self.person(request)).get_absolute_url()
        except (ops.Impossible, selection.Nonsense) as problem:
            messages.warning(request, str(problem))
            address = reverse(LIST)
        return HttpResponse(headers={"HX-Redirect": address})

    @admin.action(description="Replay or process")
    def replay_chosen(self, request: HttpRequest, queryset: QuerySet[WebhookEvent]) -> HttpResponse:
        """Ask why; then have each wait for a worker."""

        def replay(events: QuerySet[WebhookEvent], reason: str) -> str:
            number = ops.replay_each(events, self.person(request), reason)
            return f"{number:,} event{'' if number == 1 else 's'} will be processed."

        return self._decide(request, queryset.filter(state__in=selection.STATES[Verb.REPLAY]), "Replay", replay)

    @admin.action(description="Cancel pending")
    def cancel_chosen(self, request: HttpRequest, queryset: QuerySet[WebhookEvent]) -> HttpResponse:
        """Ask why; then let none of them be processed."""

        def cancel(events: QuerySet[WebhookEvent], reason: str) -> str:
            number = ops.cancel_events(events, f"{by(self.person(request))}: {reason}")
            return f"{number:,} event{'' if number == 1 else 's'} cancelled."

        return self._decide(request, queryset.filter(state__in=selection.STATES[Verb.CANCEL]), "Cancel", cancel)

    def _decide(
        self,
        request: HttpRequest,
        events: QuerySet[WebhookEvent],
        word: str,
        do: Callable[[QuerySet[WebhookEvent], str], str],
    ) -> HttpResponse:
        form = Reason(request.POST if self.is_confirmed(request) else None)
        if form.is_valid():
            # By key: what the list was filtered by may not hold any more once something is done.
            chosen = WebhookEvent.objects.filter(pk__in=list(events.values_list("pk", flat=True)))
            messages.success(request, do(chosen, form.cleaned_data["reason"]))
            return HttpResponseRedirect(request.get_full_path())
        title, template = f"{word} the chosen events?", "admin/integrations/webhookevent/chosen.html"
        return self.ask(request, events, template, title=title, form=form, events=events, word=word)
