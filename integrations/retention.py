"""Forgets what has had its time: calls, secrets that stood beside their successors, cached answers."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from integrations import credentials
from integrations.models import CachedAnswer, Call, Credential, Service

AT_ONCE = 1000  # a service and minute; small, so that nobody waits for the deletion
MOST_BATCHES = 20  # answers come faster than calls grow old


def forget_old_calls() -> None:
    """The oldest calls past their time, with what was said in them. Index: call_newest_of_service."""
    now = timezone.now()
    for service, days in Service.objects.values_list("pk", "retention_days"):
        old = Call.objects.filter(service=service, started_at__lt=now - timedelta(days=days)).order_by("started_at")
        if pks := list(old.values_list("pk", flat=True)[:AT_ONCE]):
            Call.objects.filter(pk__in=pks).delete()


def forget_old_secrets() -> None:
    """Those that were valid a while beside the one that superseded them."""
    over = Credential.objects.filter(expires_at__lte=timezone.now()).exclude(**credentials.WIPED)
    over.update(**credentials.WIPED)


def forget_old_answers() -> None:
    """Answers past their use, unless somebody is asking anew. Index: that of `usable_until`."""
    now = timezone.now()
    old = CachedAnswer.objects.filter(usable_until__lt=now, held_until__lt=now).order_by("usable_until")
    for _ in range(MOST_BATCHES):
        pks = list(old.values_list("pk", flat=True)[:AT_ONCE])
        CachedAnswer.objects.filter(pk__in=pks).delete()
        if len(pks) < AT_ONCE:
            return
