"""Which secrets a service has: stored, superseded, removed, and which of them cannot be read.

A secret itself is had from `Credential.reveal` alone. A wrong key is an error and changes nothing.
"""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from integrations import incidents, keyring, references, systems
from integrations.models import Credential, Incident, Service
from integrations.models.credential import CredentialUnavailable

__all__ = [
    "CredentialUnavailable",
    "active",
    "by_field",
    "objection",
    "reinstate",
    "remove",
    "report_unreadable",
    "store",
]

WIPED = {"ciphertext": "", "reference": ""}


def by_field(service: Service) -> dict[str, list[Credential]]:
    """The active ones of each field, newest first: the current one, and one it superseded that is valid a while yet."""
    found: dict[str, list[Credential]] = {}
    if not service.pk:  # not saved yet
        return found
    for row in service.credentials.filter(_active()).order_by("-pk"):
        found.setdefault(row.field, []).append(row)
    return found


def active(service: Service, field: str) -> list[Credential]:
    """The active ones of one field, newest first; none where nothing was ever set."""
    return by_field(service).get(field, [])


def objection(secret: str) -> str:
    """Why this cannot be stored, in a sentence for whoever typed it; empty where it can."""
    if references.is_reference(secret):
        return references.objection(secret)
    if not keyring.has_keys():
        return "Secrets cannot be stored, since CREDENTIAL_KEYS is empty. Set it where the console runs."
    return ""


def store(
    service: Service, field: str, secret: str, by: User | None = None, keep_old_for: timedelta | None = None
) -> Credential:
    """Make this, or what this `env:NAME` or `file:PATH` leads to, the current secret of the field.

    Args:
        keep_old_for: how long the one before is valid too; without it that one is wiped at once.

    Raises:
        CredentialUnavailable: it cannot be stored.
    """
    if reason := objection(secret):
        raise CredentialUnavailable(reason)
    credential = Credential(service=service, field=field, set_by=by)
    if references.is_reference(secret):
        credential.reference = secret
    else:
        credential.ciphertext = keyring.encrypt(credential.context, secret)
        credential.fingerprint = keyring.fingerprint(credential.context, secret)
    _make_current(credential, keep_old_for)
    return credential


def reinstate(kept: Credential, by: User | None = None) -> None:
    """Make one that is still valid beside its successor the current one again; the successor stays valid as long."""
    assert kept.expires_at
    stored = {"ciphertext": kept.ciphertext, "reference": kept.reference, "fingerprint": kept.fingerprint}
    again = Credential(service=kept.service, field=kept.field, set_by=by, **stored)
    _make_current(again, kept.expires_at - timezone.now())


def remove(service: Service, field: str) -> None:
    """Leave the field without any secret, also without one that was still valid beside it."""
    with transaction.atomic():
        _supersede(service, field, None)
        report_unreadable(service)


def report_unreadable(*only: Service) -> list[str]:
    """Open an incident for each service with secrets that cannot be read, close it where all can be read again.

    Args:
        only: look at these; all services without them.

    Returns:
        One line for each affected service.
    """
    lost: dict[Service, list[str]] = {}
    rows, incidents_now = Credential.objects.filter(_active()), Incident.objects.filter(state__in=Incident.GOING_ON)
    if only:
        rows, incidents_now = rows.filter(service__in=only), incidents_now.filter(service__in=only)
    for row in rows.select_related("service").order_by("service", "field", "-pk"):
        if _is_declared(row) and (reason := row.objection()):
            lost.setdefault(row.service, []).append(reason)
    for service, reasons in lost.items():
        incidents.report(service, Incident.Kind.CREDENTIALS, "unreadable", " ".join(reasons))
    for incident in incidents_now.filter(kind=Incident.Kind.CREDENTIALS).select_related("service"):
        if incident.service not in lost:
            incidents.resolve(incident.service, Incident.Kind.CREDENTIALS)
    return [" ".join(reasons) for reasons in lost.values()]


def _make_current(credential: Credential, keep_old_for: timedelta | None) -> None:
    with transaction.atomic():
        _supersede(credential.service, credential.field, keep_old_for)
        credential.save()
        report_unreadable(credential.service)


def _active() -> Q:
    return Q(superseded_at=None) | Q(expires_at__gt=timezone.now())


def _is_declared(credential: Credential) -> bool:
    """Whether anybody asks for it: a System may have given up a secret, or be gone."""
    system = systems.all_systems().get(credential.service.system)
    return system is not None and credential.field in {secret.name for secret in system.secrets}


def _supersede(service: Service, field: str, keep_for: timedelta | None) -> None:
    """The current one is wiped, or kept for a while; so two are active at most."""
    # Of two people who save at once the second waits here.
    Service.objects.select_for_update(no_key=True).get(pk=service.pk)
    now, rows = timezone.now(), service.credentials.filter(field=field)
    rows.filter(expires_at__gt=now).update(expires_at=now, **WIPED)
    current = rows.filter(superseded_at=None)
    # One that nobody can read verifies nothing; kept, it would only be one more thing to complain of.
    if keep_for and not any(row.objection() for row in current):
        current.update(superseded_at=now, expires_at=now + keep_for)
    else:
        current.update(superseded_at=now, **WIPED)
