"""POST /hooks/<service>/: check, store with its bell in one transaction, answer. Nothing else."""

from __future__ import annotations

import hashlib
import logging

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from integrations import ops, systems
from integrations.credentials import CredentialUnavailable
from integrations.models import Service, WebhookEvent
from integrations.systems.base import Delivery, Identity, Refused, System
from integrations.text import storable
from integrations.transport.redaction import BLANK
from integrations.webhooks import verification

logger = logging.getLogger(__name__)

LARGEST = 1024 * 1024
LONGEST_ID = 200
SIGN_SOMEBODY_IN = frozenset({"authorization", "cookie", "proxy-authorization"})


@csrf_exempt
@login_not_required
def receive(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer 200 once the delivery is stored for good, 4xx where it is not believed or not wanted."""
    if objection := _objection(request):
        return objection
    service = Service.objects.filter(slug=slug, enabled=True).first()
    system = systems.all_systems().get(service.system) if service else None
    if service is None or system is None or not system.receives_webhooks:
        return _answer(404, "No such address.")
    return _believe(service, system, _delivery(request))


def _objection(request: HttpRequest) -> HttpResponse | None:
    """What is wrong with the request before anybody looks at whom it is for."""
    if request.method != "POST":
        return _answer(405, "Deliveries are posted.", Allow="POST")
    length = request.META.get("CONTENT_LENGTH", "")
    # Without a length the server would hand over an empty body (chunked requests under WSGI).
    if not length:
        return _answer(411, "Send a Content-Length.")
    if not (length.isascii() and length.isdecimal()):
        return _answer(400, "The Content-Length is no number.")
    if len(length) > len(str(LARGEST)) or int(length) > LARGEST:
        return _answer(413, "The body is larger than 1 MiB.")
    return None


def _delivery(request: HttpRequest) -> Delivery:
    headers = {name.lower(): value for name, value in request.headers.items()}
    # The stream and not `request.body`: that one stops at DATA_UPLOAD_MAX_MEMORY_SIZE with an HTML page.
    return Delivery(headers, request.read(LARGEST + 1))


def _believe(service: Service, system: System, delivery: Delivery) -> HttpResponse:
    webhook = system.module("webhook")
    try:
        verification.verify(service, webhook, delivery)
        identity = webhook.identify(delivery)
    except Refused as reason:
        logger.warning("refused a delivery to %s: %s", service.slug, reason)
        return _answer(400, "Refused.")
    except CredentialUnavailable:
        logger.exception("cannot verify deliveries to %s", service.slug)
        return _answer(503, "Try again later.")
    new = ops.receive(_event(service, delivery, identity))
    return _answer(200, "Stored." if new else "Already here.")


def _event(service: Service, delivery: Delivery, identity: Identity) -> WebhookEvent:
    return WebhookEvent(
        service=service,
        delivery_id=_unique_id(identity.delivery_id, delivery.body),
        event_type=storable(identity.event_type)[:100],
        headers={storable(name): _kept(name, value) for name, value in delivery.headers.items()},
        body=delivery.body,
    )


def _kept(name: str, value: str) -> str:
    """The header as it is shown later. A signature is no secret; what signs somebody in is one."""
    return BLANK if name in SIGN_SOMEBODY_IN else storable(value)


def _unique_id(claimed: str, body: bytes) -> str:
    """The sender's id where it is usable, else one made of the body, so that no two bodies become one."""
    claimed = claimed.strip()
    if claimed and len(claimed) <= LONGEST_ID and claimed.isascii() and claimed.isprintable():
        return f"id:{claimed}"
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _answer(status: int, text: str, **headers: str) -> HttpResponse:
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8", headers=headers)
