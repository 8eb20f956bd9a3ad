"""Verbs of services: what is asked of one, and what is done to its settings and its state."""

from __future__ import annotations

import logging

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from integrations import circuit, leases, settings_rollback
from integrations.models import HealthCheck, Service, ServiceState, SettingsChange, Trial
from integrations.ops.bells import Impossible, begin, by, by_name, ring

logger = logging.getLogger(__name__)


def check(service: Service, trigger: str, actor: User | None = None) -> HealthCheck:
    """Probe the service; one that is already under way is returned instead of a second.

    Raises:
        Impossible: the service is off or gone.
    """
    if not service.enabled:
        raise Impossible(f"{service} is switched off. Enable the service first.")
    row = HealthCheck(service=service, trigger=trigger, actor=actor)
    try:
        begin(row)
    except IntegrityError:
        if under_way := service.checks.filter(state__in=HealthCheck.ACTIVE).first():
            return under_way
        if not Service.objects.filter(pk=service.pk).exists():
            raise Impossible(f"{service} is gone. Somebody deleted it.") from None
        return check(service, trigger, actor)  # the other one has just ended
    return row


def pause_checks(service: Service, actor: User | None = None) -> None:
    """Check the service only when somebody asks, until somebody resumes; for work that was announced.

    Raises:
        Impossible: they are paused.
    """
    going = ServiceState.objects.filter(service=service, checks_paused_at=None)
    if not going.update(checks_paused_at=timezone.now(), checks_paused_by=by_name(actor)):
        raise Impossible(f"The checks of {service} are paused already.")


def resume_checks(service: Service, actor: User | None = None) -> None:
    """Check by the schedule again, at once for the first time.

    Raises:
        Impossible: they are not paused.
    """
    paused = ServiceState.objects.filter(service=service).exclude(checks_paused_at=None)
    if not paused.update(checks_paused_at=None, checks_paused_by="", next_check_at=timezone.now()):
        raise Impossible(f"The checks of {service} are not paused.")
    logger.info("checks of service=%s resumed %s", service.slug, by(actor))


def close_circuit(service: Service, actor: User | None = None) -> None:
    """Let calls through again, whatever the circuit breaker found.

    Raises:
        Impossible: they are let through already.
    """
    if not circuit.close(service, timezone.now(), f"Closed {by(actor)}."):
        raise Impossible(f"The circuit of {service} is closed already: calls are let through.")


def hold_circuit_open(service: Service, actor: User | None = None) -> None:
    """Let no call through until somebody closes the circuit.

    Raises:
        Impossible: it is held already.
    """
    if not circuit.hold_open(service, timezone.now(), f"Held open {by(actor)}."):
        raise Impossible(f"The circuit of {service} is held open already. Close it to let calls through.")


def purge_cache(service: Service, actor: User | None = None) -> int:
    """Throw away what was cached of the service; how many answers that were.

    What is being asked at this moment is not kept either.
    """
    thrown, _ = service.cached_answers.filter(stored_at__isnull=False).delete()
    service.cached_answers.all().delete()
    logger.info("cache of service=%s purged %s, answers=%d", service.slug, by(actor), thrown)
    return thrown


def try_settings(trial: Trial) -> Trial:
    """Try what the row holds, or return what this person is trying already if that is the same; else it is replaced.

    Raises:
        Impossible: the service is gone.
    """
    rivals, same = trial.rivals(), Q(fingerprint=trial.fingerprint)
    if found := rivals.filter(same).first():
        return found
    try:
        with transaction.atomic():
            leases.withdraw(rivals.exclude(same), Trial.State.FAILED, "Other settings are tried instead.")
            trial.save()
            ring(trial)
    except IntegrityError:
        if rivals.exists():  # pressed twice in the same moment
            return try_settings(trial)
        raise Impossible("The service is gone, or changed in this moment. Reload the page.") from None
    return trial


def roll_back(
    change: SettingsChange, how: SettingsChange.How, actor: User | None = None, seen: int | None = None
) -> SettingsChange:
    """Set the settings that this entry changed back to what they were before; the entry that says so.

    Args:
        seen: the newest entry of the service when somebody looked at what this would set.

    Raises:
        Impossible: there is nothing to set, it is not allowed any more, or the service was changed since.
    """
    try:
        made = settings_rollback.apply(change, actor, how, seen)
    except settings_rollback.Refused as reason:
        raise Impossible(str(reason)) from reason
    logger.info("settings of service=%s rolled back %s, change=%d", made.service.slug, by(actor), change.pk)
    return made
