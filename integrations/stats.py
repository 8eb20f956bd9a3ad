"""What the landing page shows beside latency. Each query names the index it walks; see latency.py for all that is of calls."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, OuterRef, Subquery
from django.utils import timezone

from integrations.models import CachedAnswer, HealthCheck, Incident, Service, SyncRun, WebhookEvent, WorkerHeartbeat

WORKER_LATE_AFTER = timedelta(seconds=60)
MOST_ANSWERS = 10_000  # counted no further: the service's page counts them every few seconds


def last_runs() -> dict[int, SyncRun]:
    """The newest run of every service."""
    newest = SyncRun.objects.order_by().values("stream__service").annotate(newest=Max("pk")).values("newest")
    runs = SyncRun.objects.filter(pk__in=newest).select_related("stream")
    return {run.stream.service_id: run for run in runs}


def failing_events() -> dict[int, int]:
    """Deliveries that wait for another attempt or were given up, by service. Index: event_failing."""
    failing = WebhookEvent.objects.filter(state__in=("parked", "dead")).order_by()
    return dict(failing.values_list("service_id").annotate(Count("pk")))


def last_deliveries() -> dict[int, datetime]:
    """When each service sent something last. Index: event_newest_of_service."""
    newest = WebhookEvent.objects.filter(service=OuterRef("pk")).order_by("-received_at").values("received_at")[:1]
    found = Service.objects.annotate(newest=Subquery(newest)).values_list("pk", "newest")
    return {service: moment for service, moment in found if moment}


def open_incidents() -> dict[int, int]:
    """Incidents that nobody has closed, by service. Index: incident_by_state."""
    going_on = Incident.objects.filter(state__in=Incident.GOING_ON).order_by()
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
