"""Verbs of calls out and deliveries in."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import IntegrityError

from integrations.models import Call, CallRepeat, WebhookEvent
from integrations.ops.bells import Impossible, begin
from integrations.repeatable import objection

State = WebhookEvent.State


def repeat(call: Call, actor: User | None = None) -> CallRepeat:
    """Make a recorded call again, with the credentials and the limits of now.

    Raises:
        Impossible: it may change something, cannot be made from what was stored, or is being made already.
    """
    if reason := objection(call):
        raise Impossible(reason)
    row = CallRepeat(call=call, actor=actor, correlation_id=call.correlation_id)
    try:
        begin(row)
    except IntegrityError:
        raise Impossible("This call is being made again already. Its result appears on its page.") from None
    return row
