"""Verbs of incidents: seen, not worth telling, mended."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.utils import timezone

from integrations.models import Incident
from integrations.ops.bells import Impossible, by_name

State = Incident.State


def acknowledge(incident: Incident, reason: str, actor: User | None = None) -> Incident:
    """Say that somebody is at it; it stays until it works again.

    Raises:
        Impossible: it is not open.
    """
    return _decide(incident, (State.OPEN,), State.ACKNOWLEDGED, reason, actor)


def ignore(incident: Incident, reason: str, actor: User | None = None) -> Incident:
    """Count this failure and trouble nobody with it, until somebody says otherwise.

    Raises:
        Impossible: it is ignored already, or resolved.
    """
    return _decide(incident, Incident.GOING_ON, State.IGNORED, reason, actor)


def watch(incident: Incident, reason: str, actor: User | None = None) -> Incident:
    """The way back from ignoring.

    Raises:
        Impossible: it is not ignored.
    """
    return _decide(incident, (State.IGNORED,), State.OPEN, reason, actor)


def resolve_incident(incident: Incident, reason: str, actor: User | None = None) -> Incident:
    """Close it by hand; if it fails again it is opened again.

    Raises:
        Impossible: it is resolved already.
    """
    return _decide(incident, Incident.STANDING, State.RESOLVED, reason, actor)


def _decide(incident: Incident, wanted: tuple[State, ...], state: State, reason: str, actor: User | None) -> Incident:
    now = timezone.now()
    decided = {"decided_by": by_name(actor), "decided_at": now, "decision": reason}
    ended = {"resolved_at": now} if state == State.RESOLVED else {}
    if not Incident.objects.filter(pk=incident.pk, state__in=wanted).update(state=state, **decided, **ended):
        incident.refresh_from_db()
        raise Impossible(f"This incident is {incident.get_state_display().lower()} now. Reload the page.")
    incident.refresh_from_db()
    return incident
