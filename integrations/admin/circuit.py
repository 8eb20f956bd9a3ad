"""What staff do about the traffic of a service: its circuit, what was cached of it, and what it sends."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from unfold.forms import BaseDialogForm

from integrations import ops, stats, systems
from integrations.admin.actions import button, may, verb
from integrations.admin.base import ConsoleAdmin
from integrations.models import Service, ServiceState


def _name(action: Any) -> str:
    name: str = action.method.original_function_name
    return name


class PurgeForm(BaseDialogForm):
    """Says how many answers there are to throw away."""

    form_before_template = "admin/integrations/service/purge.html"

    def get_before_template_context(self, request: HttpRequest, object_id: Any = None) -> dict[str, Any]:  # noqa: ARG002
        """Their number."""
        service = Service.objects.filter(pk=object_id).first() if str(object_id).isdecimal() else None
        return {"answers": stats.cached_answers(service) if service else 0, "most": stats.MOST_ANSWERS}


class CircuitActions(ConsoleAdmin):
    """Verbs whose buttons stand in the service's panel, beside what they change."""

    actions_detail: tuple[str, ...] = (
        *("close_circuit", "hold_circuit_open", "purge_cache"),
        *("pause_events", "resume_events", "verify_refused"),
    )

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Those for the top of the page."""
        found: list[Any] = super().get_actions_detail(request, object_id)
        return [action for action in found if _name(action) not in CircuitActions.actions_detail]

    def buttons(self, request: HttpRequest, service: Service, cached: int) -> dict[str, dict[str, Any]]:
        """Those for the panel, by name."""
        found = {_name(action): button(action, service) for action in self.fitting(request, service)}
        return found if cached else {name: each for name, each in found.items() if name != "purge_cache"}

    has_circuit_permission = may("integrations.switch_circuit")

    has_purge_permission = may("integrations.purge_cache")

    @verb(
        "Close circuit",
        icon="power",
        permission="circuit",
        does="Lets calls through to this service again at once. If it is still down, the circuit opens again by itself.",
        fits=lambda service: service.state.circuit != ServiceState.Circuit.CLOSED,
    )
    def close_circuit(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Let calls through."""
        service = self.found(request, object_id)

        def close() -> str:
            ops.close_circuit(service, self.person(request))
            return f"The circuit of {service} is closed: calls are let through."

        return self.tell(request, service, close)

    @verb(
        "Hold circuit open",
        icon="power_off",
        permission="circuit",
        does="Sends nothing to this service until somebody closes the circuit: no sync, no check, no call. "
        "Runs that need it wait or fail.",
        main=False,
        fits=lambda service: service.state.circuit != ServiceState.Circuit.HELD_OPEN,
    )
    def hold_circuit_open(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Let nothing through."""
        service = self.found(request, object_id)

        def hold() -> str:
            ops.hold_circuit_open(service, self.person(request))
            return f"The circuit of {service} is held open: nothing is sent until somebody closes it."

        return self.tell(request, service, hold)

    @verb(
        "Purge cache",
        icon="delete_sweep",
        permission="purge",
        does="Throws away every answer that was cached of this service. The next calls ask the service itself.",
        main=False,
        form=PurgeForm,
    )
    def purge_cache(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Ask anew."""
        service = self.found(request, object_id)

        def purge() -> str:
            thrown = ops.purge_cache(service, self.person(request))
            return f"{thrown:,} cached answer{'' if thrown == 1 else 's'} of {service} thrown away."

        return self.tell(request, service, purge)

    has_pause_events_permission = may("integrations.pause_events_service")

    @verb(
        "Pause processing",
        icon="pause",
        permission="pause_events",
        does="What this service sends is accepted and held back: none of it is processed until somebody resumes it. "
        "Nothing is lost.",
        main=False,
        fits=lambda service: _listens(service) and service.events_paused_at is None,
    )
    def pause_events(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Hold its events back."""
        service = self.found(request, object_id)

        def pause() -> str:
            ops.pause_events(service, self.person(request))
            return (
                f"The processing of {service} is paused: what comes is held back. Press “Resume processing” to go on."
            )

        return self.tell(request, service, pause)

    @verb(
        "Resume processing",
        icon="play_arrow",
        permission="pause_events",
        does="Processes what comes again, and what was held back meanwhile, the oldest first and bit by bit.",
        fits=lambda service: service.events_paused_at is not None,
    )
    def resume_events(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Let them go."""
        service = self.found(request, object_id)

        def resume() -> str:
            held = ops.resume_events(service)
            return f"The processing of {service} is resumed; {held:,} event{' held back goes' if held == 1 else 's held back go'} on."

        return self.tell(request, service, resume)


def _listens(service: Service) -> bool:
    system = systems.all_systems().get(service.system)
    return system is not None and system.receives_webhooks
