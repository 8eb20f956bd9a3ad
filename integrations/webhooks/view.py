"""POST /hooks/<service>/: check, store with its bell in one transaction, answer. Nothing else."""

from __future__ import annotations

import hmac
import logging
import time
from ipaddress import ip_address

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from integrations import ops
from integrations.credentials import CredentialUnavailable
from integrations.models.service import LARGEST_DELIVERY_MIB
from integrations.systems.deliveries import Cause, Delivery, Refused
from integrations.systems.paths import at
from integrations.webhooks import intake, receivers, refusals, verification
from integrations.webhooks.events import event_of, may_be_replay
from integrations.webhooks.receivers import MIB, Receiver

logger = logging.getLogger(__name__)

LARGEST = LARGEST_DELIVERY_MIB * MIB  # of any service
LONGEST_CHALLENGE = 500
VERIFY_TOKEN = "webhook_verify_token"  # noqa: S105 - the name of a field
NOBODY = "No such address."


@csrf_exempt
@login_not_required
def receive(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer 200 once the delivery is stored for good, 4xx where it is not believed or not wanted."""
    if request.method == "GET":
        return _shake_hands(request, slug)
    if objection := _objection(request):
        return objection
    receiver = receivers.of_slug(slug)
    if receiver is None:
        return _answer(404, NOBODY)
    try:
        delivery = _delivery(request, receiver)
    except _Unwanted as unwanted:
        refusals.keep(receiver.service, receiver.sender.scheme, unwanted.delivery, unwanted.reason, unwanted.size)
        return _answer(unwanted.status, f"{str(unwanted.reason).capitalize()}.")
    return _believe(receiver, delivery)


class _Unwanted(Exception):
    """Refused by its size or its kind, before it is read."""

    def __init__(self, status: int, reason: Refused, delivery: Delivery, size: int) -> None:
        super().__init__(str(reason))
        self.status, self.reason, self.delivery, self.size = status, reason, delivery, size


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
        return _answer(413, f"The body is larger than {LARGEST_DELIVERY_MIB} MiB.")
    return None


def _delivery(request: HttpRequest, receiver: Receiver) -> Delivery:
    headers = {name.lower(): value for name, value in request.headers.items()}
    length, through_proxy = int(request.META["CONTENT_LENGTH"]), _came_through_proxy(request)
    unread = Delivery(headers, b"", receiver.options, through_proxy)
    if length > receiver.limit:
        large = Refused(f"the body is larger than {receiver.service.max_delivery_mib} MiB", Cause.TOO_LARGE)
        raise _Unwanted(413, large, unread, length)
    if (encoding := headers.get("content-encoding", "").strip().lower()) not in {"", "identity"}:
        encoded = Refused(f"the body is encoded ({encoding[:20]}); send it as it is signed", Cause.ENCODED)
        raise _Unwanted(415, encoded, unread, length)
    # The stream and not `request.body`: that one stops at DATA_UPLOAD_MAX_MEMORY_SIZE with an HTML page.
    body = request.read(length)
    if len(body) < length:
        short = Refused(f"the body ends after {len(body):,} of {length:,} bytes", Cause.MALFORMED)
        raise _Unwanted(400, short, Delivery(headers, body, receiver.options, through_proxy), len(body))
    return Delivery(headers, body, receiver.options, through_proxy)


def _believe(receiver: Receiver, delivery: Delivery) -> HttpResponse:
    service, sender = receiver.service, receiver.sender
    try:
        identity = verification.believe(receiver, delivery, time.time())
    except Refused as reason:
        logger.warning("refused a delivery to %s: %s", service.slug, reason)
        refusals.keep(service, sender.scheme, delivery, reason)
        return _answer(400, "Refused.")
    except CredentialUnavailable:
        logger.exception("cannot verify deliveries to %s", service.slug)
        return _answer(503, "Try again later.")
    if sender.challenge_path and isinstance(challenge := at(sender.challenge_path, identity.payload), str):
        return _echo(challenge)
    if wait_s := intake.wait_s(service):
        logger.warning("more than %s deliveries a minute to %s", service.deliveries_per_minute, service.slug)
        return _answer(429, "Too many deliveries a minute.", **{"Retry-After": str(wait_s)})
    new = ops.receive(event_of(receiver, delivery, identity), watch=may_be_replay(receiver, identity))
    return _answer(200, "Stored." if new else "Already here.")


def _shake_hands(request: HttpRequest, slug: str) -> HttpResponse:
    """What Meta and WebSub hubs ask before they send: whether this address wants it."""
    receiver = receivers.of_slug(slug) if "hub.challenge" in request.GET else None
    if receiver is None or not receiver.sender.has_handshake:
        return _answer(405, "Deliveries are posted.", Allow="POST")
    given = request.GET.get("hub.verify_token", "").encode("utf-8", "replace")
    expected = [secret.encode() for secret in verification.secrets_of(receiver, VERIFY_TOKEN) if secret]
    if not sum(hmac.compare_digest(given, each) for each in expected):
        return _answer(400, "Refused.")
    return _echo(request.GET["hub.challenge"])


def _came_through_proxy(request: HttpRequest) -> bool:
    try:
        peer = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return any(peer in network for network in settings.TRUSTED_PROXIES)


def _echo(challenge: str) -> HttpResponse:
    return HttpResponse(challenge[:LONGEST_CHALLENGE], content_type="text/plain; charset=utf-8")


def _answer(status: int, text: str, **headers: str) -> HttpResponse:
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8", headers=headers)
