"""Forgets what has had its time, a little at a time, so that nobody waits for a deletion.

How long calls, bodies, checks, events, changes and runs are kept is said by their service; what failed is kept longer, and of a
service under legal hold everything is. Secrets that stood beside their successors, cached answers and trials have
times of their own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from integrations import credentials, leases
from integrations.models import (
    CachedAnswer,
    Call,
    CallBody,
    Change,
    Credential,
    HealthCheck,
    RecordError,
    RefusedDelivery,
    RollupMark,
    Service,
    SyncedModel,
    SyncRun,
    Trial,
    WebhookEvent,
)
from integrations.transport.codes import Outcome

AT_ONCE = 1000  # rows of one transaction
EVERY_MINUTES = 10
REFUSALS_ARE_KEPT = timedelta(days=30)
LONGEST_S = 30.0  # with all else that the tick does well within the time of a task
TRIALS_ARE_KEPT = timedelta(days=1)
MOST_BATCHES = 20  # answers come faster than calls grow old
MOST_COUNTED = 1_000_000

FAILED_CALL = ~Q(outcome=Outcome.OK)
FAILED_RUN = Q(state="failed")  # of a check too
FAILED_EVENT = Q(state=WebhookEvent.State.DEAD)


@dataclass(frozen=True)
class Kind:
    """Rows that are kept for a time.

    Attributes:
        field: of Service, which says how many days.
        rows: of a service, those older than the first moment; what failed only where it is older than the second.
    """

    label: str
    field: str
    rows: Callable[[Service, datetime, datetime], QuerySet[Any]]

    def past(self, service: Service) -> QuerySet[Any]:
        """Those of the service whose time is over, the oldest first."""
        if service.legal_hold:
            return self.rows(service, timezone.now(), timezone.now()).none()
        days: int = getattr(service, self.field)
        longer = max(days, service.keep_failures_days)
        now = timezone.now()
        return self.rows(service, now - timedelta(days=days), now - timedelta(days=longer))


def _calls(service: Service, until: datetime, failed_until: datetime) -> QuerySet[Call]:
    """Those that are rolled up. Index: call_newest_of_service."""
    rolled = RollupMark.objects.values_list("through_id", flat=True).first() or 0
    old = Call.objects.filter(service=service, pk__lte=rolled, started_at__lt=until)
    return old.exclude(FAILED_CALL, started_at__gte=failed_until).order_by("started_at")


def _bodies(service: Service, until: datetime, failed_until: datetime) -> QuerySet[CallBody]:
    old = CallBody.objects.filter(call__service=service, call__started_at__lt=until)
    is_failed = Q(call__started_at__gte=failed_until) & ~Q(call__outcome=Outcome.OK)
    return old.exclude(is_failed).order_by("call__started_at")


def _events(service: Service, until: datetime, failed_until: datetime) -> QuerySet[WebhookEvent]:
    """What has ended. Index: event_newest_of_service."""
    old = WebhookEvent.objects.filter(service=service, received_at__lt=until, finished_at__isnull=False)
    return old.exclude(FAILED_EVENT, received_at__gte=failed_until).order_by("received_at")


def _changes(service: Service, until: datetime, _failed_until: datetime) -> QuerySet[Change]:
    """Those of old runs, plans too. Index: that of the run."""
    return Change.objects.filter(run__in=SyncRun.objects.filter(stream__service=service, created_at__lt=until))


def _checks(service: Service, until: datetime, failed_until: datetime) -> QuerySet[HealthCheck]:
    """What has ended; what the days came to stays. Index: check_newest_of_service."""
    old = HealthCheck.objects.filter(service=service, created_at__lt=until, finished_at__isnull=False)
    return old.exclude(FAILED_RUN, created_at__gte=failed_until).order_by("created_at")


def _runs(service: Service, until: datetime, failed_until: datetime) -> QuerySet[SyncRun]:
    """What has ended and nothing names any more, and was not the last to read its stream. Index: that of the stream.

    A row says with which run it came and which changed it last: to take that from very many rows would take long, and
    runs that change nothing are most of them.
    """
    same = SyncRun.objects.filter(stream=OuterRef("stream"), mode=OuterRef("mode"), pk__gt=OuterRef("pk"))
    later = same.filter(state__in=SyncRun.READ_TO_THE_END, pass_of=None)
    old = SyncRun.objects.filter(Exists(later), stream__service=service, created_at__lt=until)
    ended = old.exclude(state__in=(*SyncRun.ACTIVE, SyncRun.State.HELD))
    named = [Exists(model.objects.filter(run=OuterRef("pk"))) for model in (Call, Change, RecordError)]
    rows = [model._default_manager.filter(stream=OuterRef("stream")) for model in SyncedModel.__subclasses__()]
    named += [Exists(each.filter(**{name: OuterRef("pk")})) for each in rows for name in ("first_run", "last_run")]
    return ended.filter(*(~each for each in named)).exclude(FAILED_RUN, created_at__gte=failed_until).order_by("pk")


KINDS = (
    Kind("calls", "retention_days", _calls),
    Kind("bodies of calls", "keep_bodies_days", _bodies),
    Kind("checks", "retention_days", _checks),
    Kind("events", "keep_events_days", _events),
    Kind("changes", "keep_changes_days", _changes),
    Kind("runs", "keep_changes_days", _runs),
)


def forget_by_and_by() -> None:
    """What the tick does: every ten minutes, since looking is not free, and not for long."""
    if timezone.now().minute % EVERY_MINUTES == 0:
        until = time.monotonic() + LONGEST_S
        for _ in forget():
            leases.beat()
            if time.monotonic() >= until:
                return


def forget() -> Iterator[int]:
    """All whose time is over, a transaction at a time: how many rows went with each. In turns, so that no service waits."""
    todo = [(kind, service) for service in Service.objects.all() for kind in KINDS]
    while todo:
        left = []
        for kind, service in todo:
            count = _forget_some(kind.past(service))
            if count == AT_ONCE:
                left.append((kind, service))
            yield count
        todo = left


def _forget_some(rows: QuerySet[Any]) -> int:
    pks = list(rows.values_list("pk", flat=True)[:AT_ONCE])
    if pks:
        rows.model._default_manager.filter(pk__in=pks).delete()
    return len(pks)


def report() -> Iterator[tuple[Service, Kind, int]]:
    """Of each service and kind how many rows the next purge removes, counted up to a million."""
    for service in Service.objects.all():
        for kind in KINDS:
            yield service, kind, kind.past(service).order_by()[:MOST_COUNTED].count()


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


def forget_old_trials() -> None:
    """A day after they were asked for, with the secrets of those that never ran. Index: trial_age."""
    Trial.objects.filter(created_at__lt=timezone.now() - TRIALS_ARE_KEPT).delete()


def forget_old_refusals() -> None:
    """Nobody has them processed after so long. Index: refused_newest."""
    old = RefusedDelivery.objects.filter(received_at__lt=timezone.now() - REFUSALS_ARE_KEPT).order_by("received_at")
    RefusedDelivery.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:AT_ONCE])).delete()
