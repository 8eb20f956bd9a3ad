"""The verbs of a service's health checks."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from unfold.forms import BaseDialogForm

from integrations import ops
from integrations.admin.actions import may, verb
from integrations.admin.base import ConsoleAdmin
from integrations.models import HealthCheck


class CheckActions(ConsoleAdmin):
    """Now, not for a while, and again by the schedule."""

    has_check_permission = may("integrations.check_service")

    @verb(
        "Check now",
        icon="monitor_heart",
        permission="check",
        does="Makes one cheap call to this service and stores whether it is healthy.",
        main=False,
    )
    def check_now(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Start a health check."""
        service = self.found(request, object_id)
        return self.do(
            request, service, lambda: ops.check(service, HealthCheck.Trigger.STAFF, self.person(request)), "Started:"
        )

    @verb(
        "Pause checks",
        icon="pause",
        permission="check",
        does="Checks this service only when somebody presses “Check now”, until somebody presses “Resume checks”.",
        main=False,
        fits=lambda service: service.check_every_minutes and not service.state.checks_paused_at,
    )
    def pause_checks(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Leave it alone."""
        service = self.found(request, object_id)

        def pause() -> str:
            ops.pause_checks(service, self.person(request))
            return f"The checks of {service} are paused. Press “Resume checks” to go on."

        return self.tell(request, service, pause)

    @verb(
        "Resume checks",
        icon="play_arrow",
        permission="check",
        does="Checks this service by its schedule again, at once for the first time.",
        main=False,
        fits=lambda service: service.state.checks_paused_at,
    )
    def resume_checks(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Go on."""
        service = self.found(request, object_id)

        def resume() -> str:
            ops.resume_checks(service, self.person(request))
            return f"{service} is checked by its schedule again."

        return self.tell(request, service, resume)
