"""A day of an organisation's traffic: what a dashboard looks like that has been in use."""

from __future__ import annotations

import math
import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from integrations import ops, uptime
from integrations.models import Call, HealthDay, Service, ServiceState, SyncRun
from integrations.rollups import writing
from tests.browser.forgetting import forget, forget_calls
from tests.flows.processes import free_port, seconds_until

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Traffic:
    """How one service is used: its median in ms, and how widely the durations spread."""

    calls: int
    median_ms: float
    spread: float
    failing: float
    synced_ago: timedelta | None = None


USUAL = {
    "articles": ("City website", Traffic(2140, 84, 0.45, 0.004, timedelta(minutes=11))),
    "github": ("GitHub", Traffic(1310, 148, 0.35, 0.0)),
    "library": ("Library catalogue", Traffic(1720, 212, 0.6, 0.012, timedelta(minutes=26))),
    "museum": ("Museum of the harbour", Traffic(760, 390, 0.5, 0.031, timedelta(hours=3))),
}


@contextmanager
def a_busy_day() -> Iterator[None]:
    """The two services of a first start under other names, two more, one of them down; all undone at the end."""
    names = dict(Service.objects.values_list("slug", "name"))
    first = Service.objects.get(slug="articles")
    closed = f"http://127.0.0.1:{free_port()}/cms"
    library = Service.objects.create(slug="library", name="-", system="cms", base_url=first.base_url)
    museum = Service.objects.create(slug="museum", name="-", system="cms", base_url=first.base_url)
    for slug, (name, traffic) in USUAL.items():
        Service.objects.filter(slug=slug).update(name=name)
        service = Service.objects.get(slug=slug)
        _fill(service, traffic)
        _fill_days(service, traffic)
    writing.roll_up()
    Service.objects.filter(pk=museum.pk).update(base_url=closed)
    for service in Service.objects.all():
        ops.check(service, "schedule")
    known = ServiceState.objects.exclude(health=ServiceState.Health.UNKNOWN)
    seconds_until(lambda: known.count() == len(USUAL), 20, "all are checked")
    check_until_down(museum)
    yield
    forget_calls(service__slug__in=USUAL)
    HealthDay.objects.filter(service__slug__in=USUAL).delete()
    forget(library, museum)
    for slug, name in names.items():
        Service.objects.filter(slug=slug).update(name=name)


def check_until_down(service: Service) -> None:
    """One failure is not enough."""
    down = ServiceState.objects.filter(service=service, health=ServiceState.Health.UNHEALTHY)

    def is_down() -> bool:
        ops.check(service, "staff")
        return down.exists()

    seconds_until(is_down, 30, f"{service} is down", every=0.5)


def _fill(service: Service, traffic: Traffic) -> None:
    chance, now = random.Random(service.slug), timezone.now()
    forget_calls(service=service)
    Call.objects.bulk_create([_call(service, traffic, chance, now) for _ in range(traffic.calls)])
    if traffic.synced_ago:
        runs = ops.sync_service(service, SyncRun.Trigger.SCHEDULE)
        ended = SyncRun.objects.filter(pk__in=[run.pk for run in runs], state=SyncRun.State.SUCCEEDED)
        seconds_until(ended.exists, 30, "it is synced")
        ended.update(created_at=now - traffic.synced_ago)


def _fill_days(service: Service, traffic: Traffic) -> None:
    """What the checks of 90 days came to."""
    chance, today = random.Random(service.slug), timezone.localdate()
    HealthDay.objects.filter(service=service).delete()
    bad = [chance.random() < 3 * traffic.failing for _ in range(uptime.DAYS)]
    HealthDay.objects.bulk_create(
        HealthDay(service=service, day=today - timedelta(days=age), checks=288, failed=chance.randint(2, 60) * is_bad)
        for age, is_bad in enumerate(bad)
    )


def _call(service: Service, traffic: Traffic, chance: random.Random, now: datetime) -> Call:
    at = now - DAY * chance.random()
    noon = 1 + 0.5 * math.sin((at.hour + at.minute / 60 - 6) / 24 * 2 * math.pi)
    ok = chance.random() >= traffic.failing
    return Call(
        service=service,
        operation="list_articles" if service.system == "cms" else "rate_limit",
        method="GET",
        url=service.base_url,
        status=200 if ok else 503,
        outcome="ok" if ok else "failed",
        code="ok" if ok else "server_error",
        started_at=at,
        duration_ms=chance.lognormvariate(math.log(traffic.median_ms * noon), traffic.spread),
        trigger=Call.Trigger.SYNC,
        correlation_id=uuid.UUID(int=chance.getrandbits(128)),
    )
