"""A believed delivery -> the row it becomes."""

from __future__ import annotations

import hashlib

from integrations.models import WebhookEvent
from integrations.systems.deliveries import Delivery, Holds, Identity
from integrations.text import storable
from integrations.webhooks.receivers import Receiver
from integrations.webhooks.refusals import headers_to_keep

LONGEST_ID = 200
PAUSED = {"state": WebhookEvent.State.HELD, "held_because": WebhookEvent.HeldBecause.PAUSED}


def event_of(receiver: Receiver, delivery: Delivery, identity: Identity) -> WebhookEvent:
    """Not stored yet. The raw bytes are the truth; the parsed copy is there where a JSON column can hold it."""
    digest = hashlib.sha256(delivery.body).hexdigest()
    return WebhookEvent(
        service=receiver.service,
        delivery_id=_unique_id(identity.delivery_id, digest),
        event_type=storable(identity.event_type)[:100],
        headers=headers_to_keep(delivery.headers, receiver.sender.scheme),
        body=delivery.body,
        body_hash=digest,
        body_is=identity.holds.value,
        parsed=identity.payload if identity.holds == Holds.JSON else None,
        **(PAUSED if receiver.service.events_paused_at else {}),
    )


def may_be_replay(receiver: Receiver, identity: Identity) -> bool:
    """Whether somebody who caught it on its way could send it again under another id, and nobody allowed that."""
    can_be = receiver.sender.scheme.signs_bodies and not identity.id_is_signed
    return can_be and not receiver.service.allows_replays


def _unique_id(claimed: str, digest: str) -> str:
    """The sender's id where it is usable, else one made of the body, so that no two bodies become one.

    With a comma in it, it is several headers of the same name.
    """
    claimed = claimed.strip()
    if claimed and len(claimed) <= LONGEST_ID and claimed.isascii() and claimed.isprintable() and "," not in claimed:
        return f"id:{claimed}"
    return f"sha256:{digest}"
