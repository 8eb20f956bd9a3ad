"""Sends a test delivery to our own address, signed as the sender would sign it."""

from __future__ import annotations

import json
import time
import uuid

from integrations import leases
from integrations.connections import own_transport
from integrations.models import SampleDelivery
from integrations.settling import cause_of, fail, settle
from integrations.transport.codes import Code
from integrations.webhooks import receivers, verification

EVENT = "console.test"


def run(lease: leases.Lease) -> None:
    """Send the claimed one; the recorder writes the call."""
    sample = SampleDelivery.objects.select_related("service").get(pk=lease.pk)
    settle(lease, sample, sample.service, lambda: _send(lease, sample))


def _send(lease: leases.Lease, sample: SampleDelivery) -> None:
    receiver = receivers.of_service(sample.service)
    if receiver is None:
        fail(lease, Code.NOT_SENDABLE, "This service receives nothing. Choose how deliveries are verified.")
        return
    body, headers = _signed(receiver)
    with own_transport(sample.service, sample.address, cause_of(sample), lease.renew) as transport:
        transport.request("send_sample", "POST", "", form=body, headers=headers, raw=True)
    lease.finish(SampleDelivery.State.SUCCEEDED, status=200, failure_code="", failure_message="")


def _signed(receiver: receivers.Receiver) -> tuple[bytes, dict[str, str]]:
    sender, delivery_id = receiver.sender, f"test-{uuid.uuid4()}"
    body = json.dumps({"type": EVENT, "id": delivery_id, "sent_by": "the console itself"}).encode()
    secrets = [secret for secret in verification.secrets_of(receiver) if secret]
    proof = sender.scheme.sign(body, secrets[0] if secrets else "", delivery_id, time.time())
    named = {sender.id_header: delivery_id, sender.type_header: EVENT}
    return body, {"content-type": "application/json", **{k: v for k, v in named.items() if k}, **proof}
