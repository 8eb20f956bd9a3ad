"""What staff see and do about the deliveries of a service: its address, how to set up the sender, a test."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.forms import BaseDialogForm

from integrations import ops, systems
from integrations.admin.actions import may, verb
from integrations.admin.base import ConsoleAdmin
from integrations.admin.conditions import OPTION
from integrations.models import RefusedDelivery, Service
from integrations.systems.receiving_options import PREFIX
from integrations.webhooks import intake, receivers

INTAKE = (("deliveries_per_minute", "max_delivery_mib"), "allows_replays")
SETUP = {
    "github": "At GitHub: Settings, Webhooks, Add webhook. Content type application/json, and the same secret.",
    "gitlab": "At GitLab: Settings, Webhooks. Enter the secret as secret token.",
    "gitlab_signed": "At GitLab: Settings, Webhooks. Let it make a signing token, and enter that here (whsec_...).",
    "stripe": "At Stripe: Developers, Webhooks, Add endpoint. Enter here the signing secret it shows, with whsec_.",
    "shopify": "At Shopify the secret is the client secret of the app, or stands below the list of webhooks.",
    "slack": "At Slack: Event Subscriptions of the app; its challenge is answered. The secret is the signing secret.",
    "meta": "At Meta: Webhooks of the app. Enter the same verify token; the secret is the app secret.",
    "standard": "The sender shows a secret that begins with whsec_. Enter it here.",
    "svix": "The sender shows a secret that begins with whsec_. Enter it here.",
    "certificate": "The proxy must ask for the certificate, overwrite the header, and stand in TRUSTED_PROXIES.",
    "none": "Anybody who knows the address can send what he likes. Choose a way to verify as soon as the sender has one.",
}
USUAL = "Enter this address and the same secret at the sender."


def listens(service: Service) -> bool:
    """Whether anything is received."""
    return receivers.listening(service, {}) is not None


def holds_refused(service: Service) -> bool:
    """Whether anything that was refused could be verified again."""
    return service.refused_deliveries.filter(accepted_at=None).exists()


class RefusedForm(BaseDialogForm):
    """Says how many wait, by what was wrong with them."""

    form_before_template = "admin/integrations/service/refused.html"

    def get_before_template_context(self, request: HttpRequest, object_id: Any = None) -> dict[str, Any]:  # noqa: ARG002
        """The numbers."""
        service = int(object_id) if str(object_id).isdecimal() else 0
        waiting = RefusedDelivery.objects.filter(service=service, accepted_at=None).order_by()
        counts = waiting.values_list("cause").annotate(number=Count("pk")).order_by("-number")
        causes = dict(RefusedDelivery.Cause.choices)
        return {"counts": [(causes[cause], number) for cause, number in counts]}


class ReceivingActions(ConsoleAdmin):
    """The webhook part of a service's page."""

    has_accept_permission = may("integrations.accept_refuseddelivery")

    has_send_sample_permission = may("integrations.send_sample_service")

    def get_form(self, request: HttpRequest, obj: Service | None = None, change: bool = False, **kwargs: Any) -> Any:
        """One that knows who asks: not everybody may switch verification off."""
        form = super().get_form(request, obj, change, **kwargs)
        form.person = request.user
        return form

    @staticmethod
    def receiving_fieldset(options: list[str], service: Service) -> list[tuple[str, dict[str, Any]]]:
        """The tab with what is asked about deliveries."""
        system = systems.all_systems().get(service.system)
        fields = [name for name in options if name.startswith(f"{OPTION}{PREFIX}")]
        return (
            [("Webhooks", {"fields": [*fields, *INTAKE], "classes": ["tab"]})]
            if system and system.receives_webhooks
            else []
        )

    def receiving_context(self, request: HttpRequest, service: Service) -> dict[str, Any]:
        """What the panel says of deliveries."""
        receiver = receivers.of_service(service)
        if receiver is None:
            return {"hook_url": ""}
        chosen = receiver.options.get("hook_scheme", service.system)
        return {
            "hook_url": request.build_absolute_uri(reverse("hook", args=[service.slug])),
            "is_verified": receiver.is_verified,
            "hook_setup": SETUP.get(chosen, USUAL),
            "lacks_secret": receiver.is_verified and not receiver.stored.get("webhook_secret"),
            "refused": service.refused_deliveries.filter(accepted_at=None).count(),
            "turned_away": intake.turned_away(service.state),
            "sample": service.samples.first(),
        }

    @verb(
        "Send a test delivery",
        icon="send",
        permission="send_sample",
        does="A worker signs a small delivery with the secret of now and sends it to the address of this service, "
        "as the sender would. It is stored and processed like any other.",
        main=False,
        fits=listens,
    )
    def send_sample(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Have it sent."""
        service = self.found(request, object_id)
        address = request.build_absolute_uri(reverse("hook", args=[service.slug]))

        def send() -> str:
            ops.send_sample(service, address, self.person(request))
            return "A worker sends it. What our address answers appears below, and the delivery among the events."

        return self.tell(request, service, send)

    @verb(
        "Verify all refused again",
        icon="verified",
        permission="accept",
        does="Checks every refused delivery of this service with the secret and the options of now, as of when it came, at "
        "most 100 a second. Those that are believed are processed; the others stay. The page that comes next shows how far "
        "it is and can cancel it.",
        main=False,
        form=RefusedForm,
        fits=holds_refused,
    )
    def verify_refused(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Have a worker check them."""
        service = self.found(request, object_id)
        try:
            address = ops.verify_held(service, self.person(request)).get_absolute_url()
        except ops.Impossible as reason:
            messages.warning(request, str(reason))
            address = service.get_absolute_url()
        return HttpResponse(headers={"HX-Redirect": address})
