"""Every figure the dashboard shows. Each query names the index it walks; nothing else counts calls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, ExpressionWrapper, F, FloatField, IntegerField, Max, Q, QuerySet, Window
from django.db.models.functions import Ceil, Floor, RowNumber
from django.utils import timezone

from integrations.functions import Epoch
from integrations.models import (
    CachedAnswer,
    Call,
    HealthCheck,
    Incident,
    Service,
    SyncRun,
    WebhookEvent,
    WorkerHeartbeat,
)
from integrations.models.call import FROM_CACHE, NOT_SENT, SENT
from integrations.transport.codes import Outcome

PERCENTILES = (50, 95, 99)
BUCKETS = 30
WORKER_LATE_AFTER = timedelta(seconds=60)
MOST_ANSWERS = 10_000  # counted no further: the service's page counts them every few seconds


@dataclass(frozen=True)
class WindowSpec:
    """A span of time that ends now."""

    name: str
    label: str
    span: timedelta

    @property
    def since(self) -> datetime:
        """When it began."""
        return timezone.now() - self.span

    @property
    def bucket_s(self) -> int:
        """Seconds of one point of a chart."""
        return int(self.span.total_seconds()) // BUCKETS

    def buckets(self) -> list[datetime]:
        """The beginning of each point, oldest first, whether or not there were calls."""
        newest = int(timezone.now().timestamp()) // self.bucket_s
        return [_bucket_start(number, self.bucket_s) for number in range(newest - BUCKETS, newest + 1)]


def _bucket_start(number: int, size_s: int) -> datetime:
    return datetime.fromtimestamp(number * size_s, tz=timezone.get_current_timezone())


WINDOWS = {
    window.name: window
    for window in (
        WindowSpec("1h", "1 hour", timedelta(hours=1)),
        WindowSpec("24h", "24 hours", timedelta(hours=24)),
        WindowSpec("7d", "7 days", timedelta(days=7)),
    )
}
DEFAULT_WINDOW = "24h"


@dataclass(frozen=True)
class Figures:
    """Calls of one service in a window; milliseconds, None where there were no calls.

    Attributes:
        calls: that were sent; `errors` of them were not OK.
        cached: answered from the cache; `kept_back`: not sent at all.
    """

    calls: int = 0
    errors: int = 0
    cached: int = 0
    kept_back: int = 0
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None

    @property
    def error_percent(self) -> float:
        """0 to 100."""
        return 100 * self.errors / self.calls if self.calls else 0.0


@dataclass(frozen=True)
class Point:
    """One point of a latency chart."""

    at: datetime
    p50: float
    p95: float


def _calls(window: WindowSpec) -> QuerySet[Call]:
    return Call.objects.filter(started_at__gte=window.since).order_by()


def _ranked(calls: QuerySet[Any], *groups: str) -> QuerySet[Any]:
    """The rows that stand at a percentile of their group (nearest rank: a value that was measured)."""
    parts = [F(group) for group in groups]
    ranked = calls.annotate(
        rank=Window(RowNumber(), partition_by=parts, order_by="duration_ms"),
        size=Window(Count("pk"), partition_by=parts),
    )
    wanted = Q()
    for percent in PERCENTILES:
        # Whole numbers, so that no rounding of 0.95 * 20 asks for rank 20.
        wanted |= Q(rank=Ceil(ExpressionWrapper(F("size") * percent / 100.0, output_field=FloatField())))
    found: QuerySet[Any] = ranked.filter(wanted)
    return found


def _percentiles(rows: Iterable[tuple[int, int, float]]) -> dict[int, float]:
    """From (rank, size, duration): the duration at each percentile."""
    by_rank = {rank: duration for rank, _size, duration in rows}
    size = next(iter(rows), (0, 0, 0.0))[1]
    return {percent: by_rank[-(-size * percent // 100)] for percent in PERCENTILES} if size else {}


def figures_by_service(window: WindowSpec) -> dict[int, Figures]:
    """Calls, errors and percentiles of every service with calls in the window. Index: call_newest."""
    return _figures(_calls(window))


def _figures(calls: QuerySet[Call]) -> dict[int, Figures]:
    counts = calls.values("service_id").annotate(
        calls=Count("pk", SENT),
        errors=Count("pk", SENT & ~Q(outcome=Outcome.OK)),
        cached=Count("pk", FROM_CACHE),
        kept_back=Count("pk", NOT_SENT),
    )
    ranked: dict[int, list[tuple[int, int, float]]] = defaultdict(list)
    for service, *row in _ranked(calls.filter(SENT), "service_id").values_list(
        "service_id", "rank", "size", "duration_ms"
    ):
        ranked[service].append(tuple(row))
    return {
        row["service_id"]: Figures(
            row["calls"],
            row["errors"],
            row["cached"],
            row["kept_back"],
            *(_percentiles(ranked[row["service_id"]]).get(percent) for percent in PERCENTILES),
        )
        for row in counts
    }


def figures_of(service: Service, window: WindowSpec) -> Figures:
    """The same of one service alone. Index: call_newest_of_service."""
    return _figures(_calls(window).filter(service=service)).get(service.pk, Figures())


def latency_by_service(window: WindowSpec) -> dict[int, list[Point]]:
    """Percentiles over time, at most 31 points a service. Index: call_newest."""
    size = window.bucket_s
    bucketed = (
        _calls(window).filter(SENT).annotate(bucket=Floor(Epoch("started_at") / size, output_field=IntegerField()))
    )
    groups: dict[tuple[int, int], list[tuple[int, int, float]]] = defaultdict(list)
    rows = _ranked(bucketed, "service_id", "bucket")
    for service, bucket, *row in rows.values_list("service_id", "bucket", "rank", "size", "duration_ms"):
        groups[service, bucket].append(tuple(row))
    points: dict[int, list[Point]] = defaultdict(list)
    for (service, bucket), found in sorted(groups.items()):
        values = _percentiles(found)
        points[service].append(Point(_bucket_start(bucket, size), values[50], values[95]))
    return points


def last_runs() -> dict[int, SyncRun]:
    """The newest run of every service."""
    newest = SyncRun.objects.order_by().values("stream__service").annotate(newest=Max("pk")).values("newest")
    runs = SyncRun.objects.filter(pk__in=newest).select_related("stream")
    return {run.stream.service_id: run for run in runs}


def failing_events() -> dict[int, int]:
    """Deliveries that wait for another attempt or were given up, by service. Index: event_failing."""
    failing = WebhookEvent.objects.filter(state__in=("parked", "dead")).order_by()
    return dict(failing.values_list("service_id").annotate(Count("pk")))


def open_incidents() -> dict[int, int]:
    """Incidents that nobody has closed, by service. Index: incident_by_state."""
    going_on = Incident.objects.filter(state__in=("open", "acknowledged")).order_by()
    return dict(going_on.values_list("service_id").annotate(Count("pk")))


def running() -> list[SyncRun]:
    """Runs that wait, run or are parked. Index: syncrun_active."""
    return list(SyncRun.objects.filter(state__in=SyncRun.ACTIVE).select_related("stream__service")[:20])


def waiting_work() -> dict[str, int]:
    """Deliveries and checks that no worker has finished yet. Indexes: event_active, check_active."""
    return {
        "deliveries": WebhookEvent.objects.filter(state__in=("queued", "running")).count(),
        "checks": HealthCheck.objects.filter(state__in=HealthCheck.ACTIVE).count(),
    }


def cached_answers(service: Service) -> int:
    """Answers that are kept of a service, counted up to `MOST_ANSWERS`. Index: one_answer_per_question."""
    return CachedAnswer.objects.filter(service=service, stored_at__isnull=False)[:MOST_ANSWERS].count()


def services() -> list[Service]:
    """Every service with its state."""
    return list(Service.objects.select_related("state"))


def worker_beat() -> datetime | None:
    """When a queue worker last gave a sign of life."""
    newest: datetime | None = WorkerHeartbeat.objects.aggregate(newest=Max("beat_at"))["newest"]
    return newest


def worker_is_late(beat: datetime | None) -> bool:
    """Whether the workers have been silent for too long."""
    return beat is None or timezone.now() - beat > WORKER_LATE_AFTER


def health() -> dict[str, dict[str, Any]]:
    """The stored result of each enabled service, as `/health/` answers it."""
    found = {}
    for service in Service.objects.filter(enabled=True).select_related("state"):
        state = service.state
        entry: dict[str, Any] = {"status": state.health, "response_time_ms": state.response_time_ms}
        if state.health == "unhealthy":
            entry["error"] = state.remark
        found[service.slug] = entry
    return found
