"""What can be done with the rows chosen in a list: ask first, on a page of its own, then do it and say what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.html import format_html, format_html_join

from integrations import forecast, ops
from integrations.admin.base import ConsoleAdmin, link


@dataclass(frozen=True)
class Start:
    """A verb that starts runs.

    Attributes:
        judge: what it would do with these rows.
        begin: does it; takes the rows and `actor`.
    """

    verb: str
    noun: str
    judge: Callable[[list[Any]], list[forecast.Forecast]]
    begin: Callable[..., ops.Outcome]


class ChosenRows(ConsoleAdmin):
    """A list with actions, for those who may."""

    chosen_verbs: dict[str, str] = {}  # by action: the permission it needs

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """What this person may do."""
        allowed = [name for name, permission in self.chosen_verbs.items() if request.user.has_perm(permission)]
        return {**super().get_actions(request), **{name: self.get_action(name) for name in allowed}}

    def ask(
        self,
        request: HttpRequest,
        chosen: QuerySet[Any] | list[int],
        template: str,
        *,
        title: str,
        form: forms.Form | None = None,
        **context: Any,
    ) -> HttpResponse:
        """The page before: what would be done with these rows, and a button that does it."""
        context |= {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "form": form,
            "chosen": chosen if isinstance(chosen, list) else list(chosen.values_list("pk", flat=True)),
            "action": request.POST["action"],
            "checkbox": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, template, context)

    def start(self, request: HttpRequest, chosen: QuerySet[Any], start: Start) -> HttpResponse:
        """The page with what the runs would do; then start them and say which, and why not the others."""
        rows = list(chosen[: forecast.MOST_AT_ONCE + 1])
        is_too_many = len(rows) > forecast.MOST_AT_ONCE
        if self.is_confirmed(request) and not is_too_many:
            say(request, start.begin(rows, actor=self.person(request)))
            return HttpResponseRedirect(request.get_full_path())
        forecasts = [] if is_too_many else start.judge(rows)
        context: dict[str, Any] = {
            "title": f"{start.verb} the chosen {start.noun}s?",
            "verb": start.verb,
            "noun": start.noun,
            "forecasts": forecasts,
            "total": forecast.total(forecasts),
            "most": forecast.MOST_AT_ONCE,
            "is_too_many": is_too_many,
        }
        return self.ask(request, [row.pk for row in rows], "admin/integrations/syncrun/forecast.html", **context)

    @staticmethod
    def is_confirmed(request: HttpRequest) -> bool:
        """Whether that button was pressed."""
        return "confirmed" in request.POST


def say(request: HttpRequest, outcome: ops.Outcome) -> None:
    """What was started, and what was not and why, each with a link."""
    if outcome.runs:
        links = format_html_join(", ", "{}", ((link(run),) for run in outcome.runs))
        messages.success(request, format_html("Started: {}", links))
    for reason in outcome.refusals:
        messages.warning(request, format_html("{} {}", reason, link(reason.row) if reason.row else ""))
