"""What staff do about the traffic of a service: its circuit, and what was cached of it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.forms import BaseDialogForm

from integrations import ops, stats
from integrations.admin.actions import may, verb
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

    actions_detail: tuple[str, ...] = ("close_circuit", "hold_circuit_open", "purge_cache")

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Those for the top of the page."""
        found: list[Any] = super().get_actions_detail(request, object_id)
        return [action for action in found if _name(action) not in CircuitActions.actions_detail]

    def buttons(self, request: HttpRequest, service: Service, cached: int) -> dict[str, dict[str, str]]:
        """Those for the panel, by name: what this person may do, less what would only say why it does nothing."""
        circuit = service.state.circuit
        useful = {
            "close_circuit": circuit != ServiceState.Circuit.CLOSED,
            "hold_circuit_open": circuit != ServiceState.Circuit.HELD_OPEN,
            "purge_cache": cached > 0,
        }
        return {
            _name(action): {
                "label": action.description,
                "path": reverse(f"admin:{action.action_name}", args=[service.pk]),
            }
            for action in super().get_actions_detail(request, str(service.pk))
            if useful.get(_name(action))
        }

    has_circuit_permission = may("integrations.switch_circuit")

    has_purge_permission = may("integrations.purge_cache")

    @verb(
        "Close circuit",
        icon="power",
        permission="circuit",
        does="Lets calls through to this service again at once. If it is still down, the circuit opens again by itself.",
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
