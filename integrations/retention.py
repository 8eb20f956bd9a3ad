"""Forgets calls that are older than their service keeps them."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from integrations.models import Call, Service

AT_ONCE = 1000  # a service and minute; small, so that nobody waits for the deletion


def forget_old_calls() -> None:
    """The oldest calls past their time, with what was said in them. Index: call_newest_of_service."""
    now = timezone.now()
    for service, days in Service.objects.values_list("pk", "retention_days"):
        old = Call.objects.filter(service=service, started_at__lt=now - timedelta(days=days)).order_by("started_at")
        if pks := list(old.values_list("pk", flat=True)[:AT_ONCE]):
            Call.objects.filter(pk__in=pks).delete()
