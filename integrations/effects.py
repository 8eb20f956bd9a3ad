"""What handlers did because of an event, once for each event and handler."""

from __future__ import annotations

from django.db.models import F
from django.utils import timezone

from integrations.models import Effect, Trigger, WebhookEvent


def takes_effect(event: WebhookEvent, handler: str) -> bool:
    """Whether the handler is to do its work: not yet for this event, or once more for a replay.

    Call it in the transaction of that work and of what ends the attempt (`Lease.finish`): whoever lost the row has
    changed nothing then, and of two nobody does the same work twice.
    """
    now, done = timezone.now(), Effect.objects.filter(event=event, handler=handler)
    # What is tried for the first time has done nothing yet: nobody has to ask.
    if event.trigger != Trigger.INITIAL and done.exists():
        earlier = done.filter(replay__lt=event.replays)
        return bool(earlier.update(replay=event.replays, times=F("times") + 1, last_at=now))
    Effect.objects.create(event=event, handler=handler, replay=event.replays, first_at=now, last_at=now)
    return True
