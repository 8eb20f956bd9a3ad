"""Failures of one kind of one service, counted in one row from the first to the last.

An incident resolves itself when what failed works again, and is opened again when it fails again soon after. Its
owner gets one e-mail.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.db.models import F, OuterRef, Q, QuerySet
from django.utils import timezone

from integrations.models import Incident, Service

logger = logging.getLogger(__name__)

REOPENS_WITHIN = timedelta(days=7)
MAILED_WITHIN = timedelta(days=1)  # a mail server that was away so long is not to tell of what was
AT_ONCE = 20


def report(service: Service, kind: str, code: str, message: str, operation: str = "") -> None:
    """One more failure: counted by the incident that stands, by one that is opened again, or by a new one."""
    same = Incident.objects.filter(service=service, kind=kind, operation=operation, code=code)
    again: dict[str, Any] = {"count": F("count") + 1, "last_at": timezone.now(), "message": message}
    standing = same.filter(state__in=Incident.STANDING)
    if standing.update(**again):
        return
    try:
        with transaction.atomic():
            if not _reopen(same, again):
                Incident.objects.create(service=service, kind=kind, operation=operation, code=code, message=message)
    except IntegrityError:  # another worker was faster
        standing.update(**again)


def _reopen(same: QuerySet[Incident], again: dict[str, Any]) -> int:
    """The last one of this kind, if it was resolved not long ago. Index: incident_of_service."""
    last = same.filter(state=Incident.State.RESOLVED).order_by("-pk").first()
    if last is None:
        return 0
    recent = same.filter(pk=last.pk, state=last.state, resolved_at__gte=timezone.now() - REOPENS_WITHIN)
    return recent.update(state=Incident.State.OPEN, resolved_at=None, reopened=F("reopened") + 1, **again)


def resolve(service: Service, kind: str, operation: str = "") -> None:
    """It works again: close what goes on of this kind. What staff ignore stays ignored."""
    going_on(service, kind, operation).update(state=Incident.State.RESOLVED, resolved_at=timezone.now())


def going_on(service: Service | OuterRef, kind: str, operation: str = "") -> QuerySet[Incident]:
    """What nobody has closed of this kind."""
    return Incident.objects.filter(service=service, kind=kind, operation=operation, state__in=Incident.GOING_ON)


def tell_owners() -> None:
    """Send each owner one e-mail for each open incident; what the mail server refuses is tried again for a day.

    After a refusal the rest waits for the next minute, behind it nobody: a server that hangs must not hold up the tick.
    """
    if not settings.EMAIL_HOST:
        return
    untold = Incident.objects.filter(
        ~Q(service__owner_email=""),
        state=Incident.State.OPEN,
        mailed_at=None,
        last_at__gte=timezone.now() - MAILED_WITHIN,
    )
    for incident in untold.select_related("service").order_by("mail_error", "pk")[:AT_ONCE]:
        # Claimed first, so that of two workers one writes.
        claimed = Incident.objects.filter(pk=incident.pk, mailed_at=None).update(mailed_at=timezone.now())
        if claimed and not _tell(incident):
            return


def _tell(incident: Incident) -> bool:
    """Whether the mail server took it."""
    row, error = Incident.objects.filter(pk=incident.pk), ""
    try:
        send_mail(f"{incident.service}: {_subject(incident)}", _text(incident), None, [incident.service.owner_email])
    except OSError as reason:  # smtplib's too
        logger.warning("the owner of service=%s was not told: %s", incident.service.slug, type(reason).__name__)
        error = f"The mail server did not take it ({type(reason).__name__})."
        row.update(mailed_at=None)
    row.update(mail_error=error)
    return not error


def _subject(incident: Incident) -> str:
    what = f"{incident.get_kind_display()} {incident.operation}".strip()
    return f"{what} fails ({incident.code})"


def _text(incident: Incident) -> str:
    lines = [
        incident.message,
        f"First seen {timezone.localtime(incident.first_at):%Y-%m-%d %H:%M}, {incident.count:,} failures so far.",
        f"What to do: {incident.service.runbook_url}" if incident.service.runbook_url else "",
        f"Look at it: {settings.CONSOLE_URL}{incident.get_absolute_url()}" if settings.CONSOLE_URL else "",
        "It closes by itself when this works again. You are not written to again while it goes on.",
    ]
    return "\n\n".join(filter(None, lines)) + "\n"
