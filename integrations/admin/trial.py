"""Buttons under the form of a service that try what is typed into it, before anything is saved."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import URLPattern, path, reverse

from integrations import candidates, ops, systems
from integrations.admin import secret_fields
from integrations.admin.actions import may
from integrations.admin.base import ConsoleAdmin
from integrations.admin.conditions import OPTION
from integrations.admin.lookup import KIND, SUBJECT, LookupWidget
from integrations.models import Service, Trial
from integrations.systems.base import System

FRAGMENT = "admin/integrations/service/trial.html"


class TrialActions(ConsoleAdmin):
    """A worker tries; the page shows what came of it. Only who may save the settings may try them."""

    change_form_after_template = "admin/integrations/service/try.html"
    has_test_permission = may("integrations.test_service")

    def get_urls(self) -> list[URLPattern]:
        """Two to try, one to look."""
        view = self.admin_site.admin_view
        return [
            path("try/", view(self.try_view), name="integrations_service_try_new"),
            path("<path:object_id>/try/", view(self.try_view), name="integrations_service_try"),
            path("trial/<int:pk>/", view(self.trial_view), name="integrations_trial_live"),
            *super().get_urls(),
        ]

    def get_form(self, request: HttpRequest, obj: Service | None = None, change: bool = False, **kwargs: Any) -> Any:
        """Whoever may not try looks nothing up."""
        form = super().get_form(request, obj, change, **kwargs)
        for widget in _lookups(form.base_fields):
            widget.is_offered = self.has_test_permission(request)
        return form

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """The page with the buttons, where this person may press them and the system is known."""
        extra = dict(extra_context or {})
        if self.has_test_permission(request) and (system := self._system(request, object_id, extra.get("row"))):
            extra["trying"] = system
        return super().changeform_view(request, object_id, form_url, extra)

    def _system(self, request: HttpRequest, object_id: str | None, service: Service | None) -> System | None:
        allowed = self.has_change_permission(request, service) if object_id else self.has_add_permission(request)
        slug = service.system if service else request.GET.get("system", "")
        return systems.all_systems().get(slug) if allowed else None

    def try_view(self, request: HttpRequest, object_id: str | None = None) -> HttpResponse:
        """Have a worker try what was typed, or say what is wrong with it."""
        service = self._tried(request, object_id)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        kind, subject = request.POST.get(KIND, ""), request.POST.get(SUBJECT, "")
        if subject not in candidates.subjects(systems.all_systems().get(service.system)).get(kind, ()):
            raise Http404
        form = self.get_form(request, service, change=object_id is not None)(request.POST, instance=service)
        if kind == Trial.Kind.LOOKUP:  # what can be looked up need not be known yet
            for field in form.fields.values():
                field.required = field.required and not isinstance(field.widget, LookupWidget)
        if not form.is_valid():
            return render(request, FRAGMENT, {"errors": _errors(form)})
        candidate = candidates.Candidate(form.instance, secret_fields.typed_or_removed(form.cleaned_data))
        try:
            trial = ops.try_settings(candidate.trial(kind, subject, self.person(request)))
        except ops.Impossible as reason:
            return render(request, FRAGMENT, {"errors": [("", str(reason))]})
        return self._shown(request, trial)

    def _tried(self, request: HttpRequest, object_id: str | None) -> Service:
        """The service as it is; a blank one while it is being added."""
        if not self.has_test_permission(request):
            raise PermissionDenied
        if object_id is None:
            if not self.has_add_permission(request):
                raise PermissionDenied
            return Service(system=request.POST.get("system", ""))
        service: Service = self.found(request, object_id)
        if not self.has_change_permission(request, service):
            raise PermissionDenied
        return service

    def trial_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What has come of it so far; of a service that is not saved only who tries it may know."""
        if not self.has_test_permission(request):
            raise PermissionDenied
        trial = Trial.objects.select_related("service").filter(pk=pk).first()
        if trial is None or (trial.service is None and trial.actor != request.user):
            raise Http404
        if trial.service and not self.has_change_permission(request, trial.service):
            raise PermissionDenied
        return self._shown(request, trial)

    def _shown(self, request: HttpRequest, trial: Trial) -> HttpResponse:
        moving, found = trial.finished_at is None, trial.result
        system = systems.all_systems().get(trial.settings["system"])
        labels = {option.name: option.label for option in system.options} if system else {}
        suggested = found.get("shape", {}).get("suggestions", {})
        context = {
            "row": trial,
            "moving": moving,
            "found": found,
            "title": _title(trial, system),
            "url": reverse("admin:integrations_trial_live", args=[trial.pk]),
            "fills": f"id_{OPTION}{trial.subject}",
            "suggestions": [
                {"label": label, "field": f"id_{OPTION}{name}", "value": suggested[name]}
                for name, label in labels.items()
                if name in suggested
            ],
        }
        return render(request, FRAGMENT, context)


def _title(trial: Trial, system: System | None) -> str:
    if trial.kind == Trial.Kind.STREAM and system:
        return next((stream.label for stream in system.streams if stream.name == trial.subject), trial.subject)
    return trial.get_kind_display()


def _lookups(fields: Any) -> list[LookupWidget]:
    return [field.widget for field in fields.values() if isinstance(field.widget, LookupWidget)]


def _errors(form: BaseForm) -> list[tuple[str, str]]:
    """Label and sentence of everything that is wrong, also in tabs that are not open."""
    labels = {name: str(field.label) for name, field in form.fields.items()}
    return [(labels.get(name, ""), str(reason)) for name, reasons in form.errors.items() for reason in reasons]
