"""Services: what staff configure, and how each is doing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.forms import BaseDialogForm

from integrations import formatting, latency, ops, settings_history, stats, systems, uptime, windows
from integrations.admin import secret_fields
from integrations.admin.actions import may, verb
from integrations.admin.checking import CheckActions
from integrations.admin.circuit import CircuitActions
from integrations.admin.conditions import OPTION
from integrations.admin.receiving import ReceivingActions
from integrations.admin.resources import Exported
from integrations.admin.service_form import IDENTITY, ServiceForm, chosen, form_for, identity_of
from integrations.admin.service_import import ServiceImport
from integrations.admin.service_limits import KEEP_ALL
from integrations.admin.settings_change import SettingsHistory
from integrations.admin.trial import TrialActions
from integrations.models import HealthCheck, Incident, Service, ServiceState, SettingsChange, SyncRun
from integrations.systems.receiving_options import PREFIX
from integrations.windows import Window

CHOOSE = "Choose the system: what it asks for then appears here."


def _offers_streams(service: Service) -> bool:
    """Whether there is anything to sync; of a System that is gone the run itself says so."""
    system = systems.all_systems().get(service.system)
    return system is None or bool(system.streams)


@admin.register(Service)
class ServiceAdmin(
    SettingsHistory, ServiceImport, Exported, CheckActions, CircuitActions, TrialActions, ReceivingActions
):
    """The list answers “is it up?”, the page everything else about one service."""

    class Media:
        js = ("console/choices.js",)

    form = ServiceForm
    panel_template = "admin/integrations/service/panel.html"
    panel_every = "10s"
    list_display = ("title", "kind", "health", "response", "checked", "switched_on")
    list_filter = (
        "enabled",
        ("state__health", ChoicesDropdownFilter),
        ("state__circuit", ChoicesDropdownFilter),
        "system",
    )
    list_select_related = ("state",)
    search_fields = ("name", "slug", "base_url")
    prepopulated_fields = {"slug": ("name",)}
    actions_row = ("sync_now", "check_now")
    actions_detail = (
        *("sync_now", "check_now", "pause_checks", "resume_checks", "send_sample"),
        *CircuitActions.actions_detail,
    )
    add_fieldsets = ((None, {"fields": IDENTITY, "description": CHOOSE}),)
    empty_state = "Add a service: choose its system and say where it is. Its options and credentials come next."

    def get_prepopulated_fields(self, request: HttpRequest, obj: Service | None = None) -> dict[str, Any]:
        """Only while it is new: webhook addresses hold the slug."""
        return {} if obj else super().get_prepopulated_fields(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Service | None = None) -> tuple[str, ...]:
        """The system is chosen once: its options and streams hang on it."""
        return ("system",) if obj else super().get_readonly_fields(request, obj)

    def get_form(self, request: HttpRequest, obj: Service | None = None, change: bool = False, **kwargs: Any) -> Any:
        """With a field for each option and secret that the service's System declares."""
        if service := obj or chosen(request):
            kwargs["form"] = form_for(service)
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Service | None = None) -> Any:
        """Identity first, then what the System asks for, then limits and people."""
        service = obj or chosen(request)
        if service is None:
            return self.add_fieldsets
        declared = form_for(service).base_fields
        options = [name for name in declared if name.startswith(OPTION) and not name.startswith(RECEIVING)]
        secrets = secret_fields.lines(declared)
        if service.pk and secrets and not self.has_change_permission(request, obj):
            secrets = ["stored_secrets"]
        credentials = {"fields": secrets, "classes": ["tab"], "description": secret_fields.hint()}
        return [
            (None, {"fields": identity_of(service)}),
            *([("Options", {"fields": options, "classes": ["tab"]})] if options else []),
            *([("Credentials", credentials)] if secrets else []),
            *self.receiving_fieldset(list(declared), service),
            ("Limits", {"fields": LIMITS, "classes": ["tab"]}),
            ("Bodies", {"fields": BODIES, "classes": ["tab"]}),
            ("Retention", {"fields": KEPT, "classes": ["tab"]}),
            ("TLS", {"fields": ("ca_bundle",), "classes": ["tab"]}),
            ("People", {"fields": ("owner_email", "runbook_url", "notes"), "classes": ["tab"]}),
        ]

    def save_model(self, request: HttpRequest, obj: Service, form: Any, change: bool) -> None:
        """Secrets are stored apart; what was left empty stays as it was."""
        with settings_history.watched(obj, self.person(request), SettingsChange.How.ADMIN):
            super().save_model(request, obj, form, change)
            secret_fields.save(obj, form.cleaned_data, self.person(request))

    def response_add(self, request: HttpRequest, obj: Service, post_url_continue: str | None = None) -> HttpResponse:  # noqa: ARG002
        """On to the options: a new service is rarely complete."""
        todo = "Press" if chosen(request) else "Complete its options, then press"
        self.message_user(request, f"The service is added. {todo} “Check now”.", messages.SUCCESS)
        return HttpResponseRedirect(obj.get_absolute_url())

    def has_change_permission(self, request: HttpRequest, obj: Service | None = None) -> bool:
        """Not without its System, which says what there is to change."""
        known = obj is None or obj.system in systems.all_systems()
        return known and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Service | None = None) -> bool:  # noqa: ARG002
        """Its log would go with it; a service is switched off instead."""
        return False

    def panel_context(self, request: HttpRequest, row: Service) -> dict[str, Any]:
        """Health, figures of a day, streams with their last runs."""
        window = Window.last(windows.DEFAULT)
        runs = {run.stream_id: run for run in _newest_runs(row)}
        # Before the state is read: what ends in between must not leave an old state standing.
        busy = _is_busy(row, runs.values())
        cached = stats.cached_answers(row)
        incidents = list(row.incidents.filter(state__in=Incident.GOING_ON))
        return {
            "state": row.state,
            "uptime": uptime.of(row),
            "cached": cached,
            "most_cached": stats.MOST_ANSWERS,
            "buttons": self.buttons(request, row, cached),
            "figures": latency.figures_of(row.pk, window),
            "window": window,
            "streams": [(stream, runs.get(stream.pk)) for stream in row.streams.all()],
            "failing": stats.failing_events().get(row.pk, 0),
            "busy": busy,
            "incidents": incidents,
            "told_by_incident": any(incident.message == row.state.remark for incident in incidents),
            **self.receiving_context(request, row),
        }

    def is_moving(self, row: Service) -> bool:  # noqa: ARG002 - the base's signature
        """A service is never finished."""
        return True

    has_sync_permission = may("integrations.sync_service")

    @verb(
        "Sync now",
        icon="sync",
        permission="sync",
        does="Reads every enabled stream of this service to its end and copies what is new or changed.",
        fits=_offers_streams,
    )
    def sync_now(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Start a run of each enabled stream."""
        service = self.found(request, object_id)
        return self.do(
            request, service, lambda: ops.sync_service(service, SyncRun.Trigger.STAFF, self.person(request)), "Started:"
        )

    @display(description="keep all bodies")
    def keep_all(self, obj: Service) -> str:
        """For those who may not change it; it is no column of its own."""
        return formatting.until(obj.bodies_until) or "No"

    @display(description="secrets")
    def stored_secrets(self, obj: Service) -> SafeString:
        """What is known of each, for those who may read the page and not change it."""
        return secret_fields.overview(obj)

    @display(description="service", ordering="name", header=True)
    def title(self, obj: Service) -> list[str]:
        """Name over address."""
        return [obj.name, obj.base_url]

    @display(description="system", ordering="system")
    def kind(self, obj: Service) -> str:
        """Its System's label."""
        return obj.get_system_display()

    @display(description="health", ordering="state__health")
    def health(self, obj: Service) -> SafeString:
        """As of the last check; the circuit where it is not closed."""
        health = formatting.badge(obj.state.health, obj.state.get_health_display())
        if obj.state.circuit == ServiceState.Circuit.CLOSED:
            return health
        return format_html("{} {}", health, formatting.circuit(obj.state.circuit, obj.state.get_circuit_display()))

    @display(description="response", ordering="state__response_time_ms")
    def response(self, obj: Service) -> str:
        """Of the last check."""
        return formatting.milliseconds(obj.state.response_time_ms)

    @display(description="checked", ordering="state__checked_at")
    def checked(self, obj: Service) -> str:
        """When."""
        return formatting.moment(obj.state.checked_at)

    @display(description="enabled", ordering="enabled", boolean=True)
    def switched_on(self, obj: Service) -> bool:
        """Whether it is in use."""
        return obj.enabled


LIMITS = (
    *(("per_second", "per_minute"), ("per_hour", "per_day"), ("concurrency", "max_attempts")),
    *(("connect_timeout_s", "deadline_s"), ("max_response_mib", "check_every_minutes"), "target_ms"),
)
BODIES = (("body_policy", KEEP_ALL),)
KEPT = (
    ("retention_days", "keep_bodies_days"),
    ("keep_events_days", "keep_changes_days"),
    ("keep_failures_days", "legal_hold"),
)
RECEIVING = f"{OPTION}{PREFIX}"


def _is_busy(service: Service, runs: Iterable[SyncRun]) -> bool:
    """Whether somebody waits for a run or a check of it: then its page looks every second."""
    moving = any(run.state in {SyncRun.State.QUEUED, SyncRun.State.RUNNING} for run in runs)
    return moving or service.checks.filter(state__in=HealthCheck.ACTIVE).exists()


def _newest_runs(service: Service) -> QuerySet[SyncRun]:
    """The newest run of each stream of a service."""
    newest = SyncRun.objects.filter(stream__service=service).order_by("stream", "-pk")
    pks: dict[int, int] = {}
    for stream, pk in newest.values_list("stream", "pk")[:200]:
        pks.setdefault(stream, pk)
    return SyncRun.objects.filter(pk__in=pks.values())
