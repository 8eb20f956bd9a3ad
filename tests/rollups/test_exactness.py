"""Every call is counted once, whenever it comes, however often and with whatever clock the log is rolled up."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from pytest_django import DjangoDbBlocker

from integrations import retention
from integrations.models import Call, LatencyRollup, RollupMark, Service
from integrations.rollups import reading, writing
from integrations.rollups.raw import COUNTED, start_of
from integrations.rollups.reading import Of
from tests.test_latency import call

BEGIN = datetime(2026, 3, 1, 10, 30, 17, tzinfo=UTC)
OPERATIONS = ("list", "find")


class Clock:
    """What `timezone.now` says."""

    def __init__(self) -> None:
        self.now = BEGIN

    def __call__(self) -> datetime:
        return self.now


class RollingUp(RuleBasedStateMachine):
    """Calls come early and late, the clock goes forth and back, workers roll up, die and forget."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.patched = patch.object(timezone, "now", self.clock)
        self.patched.start()
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.services: list[Service] = []

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.savepoint.__exit__(None, None, None)
        self.patched.stop()

    @initialize()
    def begin(self) -> None:
        self.services = [
            Service.objects.create(slug=name, name=name, system="cms", base_url="http://127.0.0.1/") for name in "ab"
        ]

    @rule(
        ages=st.lists(st.sampled_from([0, 5, 70, 400, 4000, 90_000, 400_000, 3_000_000]), min_size=1, max_size=6),
        seed=st.integers(0, 999),
    )
    def calls_come(self, ages: list[int], seed: int) -> None:
        chance = random.Random(seed)
        rows = []
        for age in ages:
            row = call(chance.choice(self.services), timedelta(seconds=age), chance.lognormvariate(5, 1))
            row.operation = chance.choice(OPERATIONS)
            row.outcome = chance.choice(["ok", "failed"])
            rows.append(row)
        Call.objects.bulk_create(rows)

    @rule(seconds=st.sampled_from([1, 30, 60, 61, 600, 3600, 90_000, 800_000]))
    def time_passes(self, seconds: int) -> None:
        self.clock.now += timedelta(seconds=seconds)

    @rule(seconds=st.sampled_from([2, 60, 3600, 86_400, 864_000]))
    def the_clock_is_set_back(self, seconds: int) -> None:
        self.clock.now -= timedelta(seconds=seconds)

    @rule(times=st.integers(1, 3))
    def the_worker_rolls_up(self, times: int) -> None:
        for _ in range(times):
            writing.roll_up()

    @rule()
    def a_worker_dies_on_the_way(self) -> None:
        with patch.object(RollupMark, "save", side_effect=InterruptedError), pytest.raises(InterruptedError):
            writing.roll_up()

    @rule()
    def minutes_are_forgotten(self) -> None:
        writing.roll_up()
        writing.forget_old()

    @rule()
    def a_day_is_repaired(self) -> None:
        writing.repair(self.clock.now - timedelta(days=2), self.clock.now)

    @invariant()
    def nothing_is_counted_twice(self) -> None:
        """Whatever was rolled up; what came since may be missing until the next time."""
        for span, start, service, count in self.rolled_up():
            until = start + timedelta(seconds=span)
            calls = Call.objects.filter(service=service, started_at__gte=start, started_at__lt=until)
            assert count <= calls.count()

    def rolled_up(self) -> Iterator[tuple[int, datetime, int, int]]:
        rows = LatencyRollup.objects.filter(operation="").values_list("span", "start", "service_id", "calls")
        found: Counter[Any] = Counter()
        for span, start, service, calls in rows:
            found[span, start, service] += calls
        return ((*key, count) for key, count in found.items())

    @invariant()
    def once_rolled_up_every_call_is_counted(self) -> None:
        with transaction.atomic():
            writing.roll_up()
            for span in LatencyRollup.Span:
                self.compare(span)
            transaction.set_rollback(True)

    def compare(self, span: int) -> None:
        now = timezone.now()
        kept = writing.KEPT.get(LatencyRollup.Span(span), timedelta(days=3650))
        since, until = start_of(span, now - min(kept, timedelta(days=80)) + timedelta(seconds=span)), now + timedelta(1)
        for of in (Of(), Of(by_operation=True)):
            found: Counter[tuple[int, str, str]] = Counter()
            for key, columns in reading.parts(since, until, span, of):
                found[key.service, key.operation if of.by_operation else "", key.outcome] += columns["calls"]
            rows = Call.objects.filter(COUNTED, started_at__gte=since, started_at__lt=until).order_by()
            wanted: Counter[tuple[int, str, str]] = Counter()
            for service, operation, outcome, count in rows.values_list("service_id", "operation", "outcome").annotate(
                count=Count("pk")
            ):
                wanted[service, operation if of.by_operation else "", outcome] += count
            assert found == wanted


@pytest.mark.django_db
@pytest.mark.parametrize("at_once", [3, 100_000])
def test_every_call_is_counted_once(
    django_db_blocker: DjangoDbBlocker, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    monkeypatch.setattr(writing, "AT_ONCE", at_once)
    run_state_machine_as_test(RollingUp, settings=settings(max_examples=25, stateful_step_count=12, deadline=None))


def test_sums_outlive_their_calls(cms: Service) -> None:
    Service.objects.filter(pk=cms.pk).update(retention_days=7)
    Call.objects.bulk_create([call(cms, timedelta(days=9), 50.0), call(cms, timedelta(days=9), 70.0)])
    list(retention.forget())
    assert Call.objects.count() == 2, "nothing is forgotten that is not summed up"
    writing.roll_up()
    list(retention.forget())
    assert not Call.objects.exists()
    writing.roll_up()
    writing.repair(timezone.now() - timedelta(days=10), timezone.now())
    days = LatencyRollup.objects.filter(span=LatencyRollup.Span.DAY, operation="")
    assert [(row.calls, row.max_ms) for row in days] == [(2, 70.0)]


def test_a_repair_takes_out_what_was_removed_by_hand(cms: Service) -> None:
    Call.objects.bulk_create([call(cms, timedelta(days=1, minutes=number), 50.0) for number in range(4)])
    writing.roll_up()
    Call.objects.filter(pk__lte=Call.objects.order_by("pk")[1].pk).delete()
    writing.roll_up()
    since = start_of(LatencyRollup.Span.DAY, timezone.now() - timedelta(days=2))

    def counted() -> int:
        found = reading.parts(since, timezone.now(), LatencyRollup.Span.HOUR, Of())
        return sum(columns["calls"] for _key, columns in found)

    assert counted() == 4
    assert writing.repair(since, timezone.now()) == 3
    assert counted() == 2


def test_what_waits_is_told(cms: Service) -> None:
    assert reading.backlog() == 0
    Call.objects.bulk_create([call(cms, timedelta(days=1))])
    assert reading.backlog() > 0
    writing.roll_up()
    assert reading.backlog() == 0


def test_rolling_up_stops_when_its_time_is_over_and_goes_on(cms: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "AT_ONCE", 1)
    Call.objects.bulk_create([call(cms, timedelta(days=5 - number)) for number in range(5)])
    assert not writing.roll_up(for_s=0)
    assert writing.roll_up()
    assert LatencyRollup.objects.filter(span=LatencyRollup.Span.DAY, operation="").count() == 5
