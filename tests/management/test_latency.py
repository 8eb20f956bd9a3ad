"""Latency from a shell: the table, the sums, and invented calls."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from integrations import demo, demo_calls
from integrations.models import Call, LatencyRollup, Service
from tests.test_latency import call


def run(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def test_the_table_shows_services_and_the_operations_of_one(cms: Service) -> None:
    assert "No calls in the last 24 hours" in run("latency")
    Call.objects.bulk_create([call(cms, timedelta(minutes=number), 100.0) for number in range(4)])
    lines = run("latency").splitlines()
    assert lines[1].split()[:3] == ["cms", "4", "0"]
    assert run("latency", "cms", "--window", "1h").splitlines()[1].split()[0] == "list"


def test_sums_are_made_and_repaired(cms: Service) -> None:
    Call.objects.bulk_create([call(cms, timedelta(days=2, hours=1), 100.0)])
    assert "Every call is summed up" in run("rollups")
    LatencyRollup.objects.all().delete()
    assert "days summed up anew" in run("rollups", "--repair", "2000-01-01", "2000-01-03")
    assert not LatencyRollup.objects.exists()
    day = Call.objects.get().started_at.date().isoformat()
    run("rollups", "--repair", day, day)
    assert LatencyRollup.objects.filter(operation="").count() >= 2
    with pytest.raises(CommandError, match="Write the days as"):
        run("rollups", "--repair", "monday", "tuesday")


def test_invented_calls_are_refused_beside_real_services(cms: Service) -> None:
    with pytest.raises(CommandError, match="mix invented calls with the log of cms"):
        run("demo_data")
    assert not Call.objects.exists()


def test_invented_calls_are_the_same_for_the_same_seed(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_calls, "DAYS", 8)
    assert "calls of 8 days were invented" in run("demo_data")
    found = Call.objects.order_by("started_at", "pk")
    assert {service.system for service in Service.objects.all()} == set(demo_calls.OPERATIONS)
    assert all(demo.is_demonstration(service) for service in Service.objects.all())
    one, other = (list(demo_calls.calls(found[0].service, found[0].started_at, seed)) for seed in (7, 7))
    assert one == other != list(demo_calls.calls(found[0].service, found[0].started_at, 8))
    assert found.filter(service__system=demo_calls.OUTAGE, code="connection_refused").count() > 10
    total = sum(LatencyRollup.objects.filter(span=86_400, operation="").values_list("calls", flat=True))
    assert 0 < total <= found.count()
    assert "has calls already" in run("demo_data")


def test_invented_calls_end_where_the_first_real_ones_begin(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_calls, "DAYS", 2)
    services = demo.all_of(demo_calls.OPERATIONS)
    checks = [call(service, timedelta(minutes=3), 100.0) for service in services]
    Call.objects.bulk_create(checks)
    assert "has calls already" not in run("demo_data")
    for check in checks:
        invented = Call.objects.filter(service=check.service).exclude(pk=check.pk)
        newest = invented.latest("started_at").started_at
        assert check.started_at - timedelta(hours=1) < newest < check.started_at
