"""Verbs of deliveries in: receive, verify again what was refused, process it anyway, send a test."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from integrations.credentials import CredentialUnavailable
from integrations.models import BulkOperation, RefusedDelivery, SampleDelivery, Service, WebhookEvent
from integrations.ops.bells import Impossible, begin, bell_of, by_name
from integrations.systems.deliveries import Cause, Refused
from integrations.webhooks import events, receivers, storing, verification
from integrations.webhooks.refusals import as_it_came

MOST_REFUSED = 500
FEW = 20  # bodies at a time
NONE_WAITS = "None of these waits: all were accepted already."


def receive(event: WebhookEvent, *, watch: bool = False) -> bool:
    """Store a believed delivery once, with its bell; True if it is new.

    A delivery that is already here gets its counter raised and is not touched otherwise. Those of a service whose
    processing is paused are held back and have no bell.

    Args:
        watch: hold it back where the same body came under another id a short while ago.
    """
    event.enqueued_at = timezone.now()
    if storing.insert(event, bell_of(event), watch=watch):
        return True
    same = WebhookEvent.objects.filter(service=event.service_id, delivery_id=event.delivery_id)
    same.update(duplicates=F("duplicates") + 1, last_duplicate_at=timezone.now())
    return False


@dataclass
class Accepted:
    """What came of refused deliveries that were looked at again."""

    events: list[WebhookEvent] = field(default_factory=list)
    known: int = 0  # that came again since, and were believed
    refusals: list[str] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        """How many are refused no more."""
        return len(self.events) + self.known

    @property
    def sentence(self) -> str:
        """How many came to what."""
        known = f" {self.known:,} had come again and been believed since." if self.known else ""
        left = f" {len(self.refusals):,} are still refused." if self.refusals else ""
        return f"{len(self.events):,} will be processed.{known}{left}"


def verify_again(chosen: QuerySet[RefusedDelivery], actor: User | None = None) -> Accepted:
    """Check them with the secrets and options of now, as of when they came; process those that are believed.

    Raises:
        Impossible: there is none, or there are too many.
    """
    if (count := chosen.filter(accepted_at=None).count()) > MOST_REFUSED:
        raise Impossible(f"{count:,} deliveries are too many at once. Choose up to {MOST_REFUSED:,}.")
    if not count:
        raise Impossible(NONE_WAITS)
    return verify_each(chosen, actor)


def verify_held(service: Service, actor: User | None = None) -> BulkOperation:
    """The same for all that is kept of a service, slice by slice.

    Raises:
        Impossible: there is none.
    """
    waiting = service.refused_deliveries.filter(accepted_at=None)
    if not (total := waiting.count()):
        raise Impossible(NONE_WAITS)
    asked = {"actor": actor, "actor_name": by_name(actor), "reason": "Their cause was mended."}
    row = BulkOperation(verb=BulkOperation.Verb.VERIFY, filter={"service": service.slug}, total=total, **asked)
    begin(row)
    return row


def process_anyway(refused: RefusedDelivery, actor: User | None = None) -> WebhookEvent:
    """Process one whose signature is right and whose body is no JSON.

    Raises:
        Impossible: it was refused for another reason, or is not genuine any more.
    """
    if refused.cause != Cause.NO_JSON:
        raise Impossible("Only deliveries that are signed rightly can be processed although they were refused.")
    outcome = Accepted()
    try:
        _verify(refused, actor, outcome, takes_anything=True)
    except (Refused, CredentialUnavailable) as reason:
        raise Impossible(f"It is not believed any more: {reason}.") from reason
    return outcome.events[0] if outcome.events else _event_of(refused)


def send_sample(service: Service, address: str, actor: User | None = None) -> SampleDelivery:
    """Have a worker sign a small delivery with the secret of now and send it to the service's own address.

    Raises:
        Impossible: the service is off or receives nothing, or one is on its way.
    """
    if not service.enabled or receivers.of_service(service) is None:
        raise Impossible(f"{service} receives nothing now. Enable it, and choose how deliveries are verified.")
    row = SampleDelivery(service=service, address=address, actor=actor)
    try:
        begin(row)
    except IntegrityError:
        raise Impossible("A test delivery is on its way already. Its result appears on this page.") from None
    return row


def verify_each(chosen: QuerySet[RefusedDelivery], actor: User | None) -> Accepted:
    """One after the other, the oldest first; what was accepted already is left alone."""
    waiting = chosen.filter(accepted_at=None).order_by("received_at", "pk")
    outcome = Accepted()
    for refused in waiting.select_related("service").iterator(FEW):
        try:
            _verify(refused, actor, outcome)
        except (Refused, CredentialUnavailable, Impossible) as reason:
            outcome.refusals.append(f"{refused}: {reason}")
    return outcome


def _verify(refused: RefusedDelivery, actor: User | None, outcome: Accepted, *, takes_anything: bool = False) -> None:
    receiver = receivers.of_service(refused.service)
    if receiver is None:
        raise Impossible("its service receives nothing any more. Choose how deliveries are verified")
    if not refused.is_whole:
        raise Impossible("only the beginning of its body was kept. Have the sender send it again")
    delivery = as_it_came(refused, receiver.options)
    came_at = refused.received_at.timestamp()
    identity = verification.believe(receiver, delivery, came_at, takes_anything=takes_anything)
    event = events.event_of(receiver, delivery, identity)
    event.actor = actor
    with transaction.atomic():
        is_new = receive(event, watch=events.may_be_replay(receiver, identity))
        made = event if is_new else _same(event)
        accepted = {"accepted_at": timezone.now(), "accepted_by": by_name(actor), "event": made}
        RefusedDelivery.objects.filter(pk=refused.pk).update(**accepted)
    if is_new:
        outcome.events.append(event)
    else:
        outcome.known += 1


def _same(event: WebhookEvent) -> WebhookEvent:
    return WebhookEvent.objects.only("pk").get(service=event.service_id, delivery_id=event.delivery_id)


def _event_of(refused: RefusedDelivery) -> WebhookEvent:
    found = WebhookEvent.objects.filter(refusals=refused).first()
    assert found
    return found
