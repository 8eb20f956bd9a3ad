"""Who may work on a row, and what becomes of the rows of dead workers."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations import leases
from integrations.models import HealthCheck, Service, SyncRun, WorkerHeartbeat
from tests.worker import expire, make_due

RACERS, ROUNDS = 8, 50


@pytest.fixture
def run(cms: Service) -> SyncRun:
    return SyncRun.objects.create(stream=cms.streams.get(), trigger=SyncRun.Trigger.STAFF)


def state_of(run: SyncRun) -> dict[str, Any]:
    return dict(SyncRun.objects.filter(pk=run.pk).values().get())


def claimed(run: SyncRun) -> leases.Lease:
    lease = leases.claim(SyncRun, run.pk)
    assert lease
    return lease


def test_a_claim_takes_a_waiting_row(run: SyncRun) -> None:
    lease = claimed(run)
    run.refresh_from_db()
    assert (run.state, run.lease_token, run.claims, run.lease_owner) == ("running", lease.token, 1, leases.owner())
    assert run.lease_until
    assert run.lease_until > timezone.now()
    assert run.started_at


@pytest.mark.parametrize("state", sorted(set(SyncRun.State.values) - set(SyncRun.WAITING)))
def test_a_row_that_does_not_wait_is_not_claimed(run: SyncRun, state: str) -> None:
    SyncRun.objects.update(state=state)
    before = state_of(run)
    assert leases.claim(SyncRun, run.pk) is None
    assert state_of(run) == before


@pytest.mark.parametrize("state", SyncRun.WAITING)
def test_a_row_is_not_claimed_before_it_is_due(run: SyncRun, state: str) -> None:
    SyncRun.objects.update(state=state, due_at=timezone.now() + timedelta(minutes=1))
    assert leases.claim(SyncRun, run.pk) is None
    make_due(run)
    assert leases.claim(SyncRun, run.pk)


def test_a_row_that_is_gone_is_not_claimed(run: SyncRun) -> None:
    pk = run.pk
    run.delete()
    assert leases.claim(SyncRun, pk) is None


def test_of_two_claims_one_wins(run: SyncRun) -> None:
    assert leases.claim(SyncRun, run.pk)
    assert leases.claim(SyncRun, run.pk) is None


def test_the_token_grows_with_each_claim_and_the_first_start_stays(run: SyncRun) -> None:
    first = claimed(run)
    started = state_of(run)["started_at"]
    first.wait(SyncRun.State.QUEUED)
    assert claimed(run).token > first.token
    assert state_of(run)["started_at"] == started


def test_a_claim_is_proof_of_life(run: SyncRun) -> None:
    claimed(run)
    beat = WorkerHeartbeat.objects.get().beat_at
    leases.beat()
    again = WorkerHeartbeat.objects.get().beat_at
    assert beat
    assert again
    assert again >= beat


def test_who_is_overtaken_between_looking_and_claiming_claims_nothing(run: SyncRun) -> None:
    overtaking: list[leases.Lease | None] = []

    def overtake(execute: Any, sql: str, *args: Any) -> Any:
        if sql.startswith("UPDATE") and "integrations_syncrun" in sql and not overtaking:
            overtaking.append(None)
            overtaking[0] = leases.claim(SyncRun, run.pk)
        return execute(sql, *args)

    with connection.execute_wrapper(overtake):
        assert leases.claim(SyncRun, run.pk) is None
    assert overtaking[0] is not None
    overtaking[0].write()


def test_renewing_keeps_the_row_and_changes_nothing_else(run: SyncRun) -> None:
    lease = claimed(run)
    expire(run)
    before = state_of(run)
    lease.renew()
    after = state_of(run)
    assert after.pop("lease_until") > before.pop("lease_until")
    assert after == before


@pytest.mark.parametrize(("every_s", "renewed"), [(3600.0, False), (0.0, True)])
def test_a_lease_is_renewed_once_it_is_time(
    run: SyncRun, every_s: float, renewed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "RENEW_EVERY_S", every_s)
    renew = leases.sparingly(claimed(run))
    expire(run)
    renew("the details of a call")
    run.refresh_from_db()
    assert run.lease_until
    assert (run.lease_until > timezone.now()) == renewed


def test_finishing_and_waiting_let_go(run: SyncRun) -> None:
    later = timezone.now() + timedelta(hours=1)
    claimed(run).wait(SyncRun.State.PARKED, later)
    run.refresh_from_db()
    assert (run.state, run.due_at, run.lease_until, run.enqueued_at) == ("parked", later, None, None)
    make_due(run)
    claimed(run).finish(SyncRun.State.SUCCEEDED)
    run.refresh_from_db()
    assert (run.state, run.lease_until) == ("succeeded", None)
    assert run.finished_at


OLD = {
    "renew": lambda lease: lease.renew(),
    "finish": lambda lease: lease.finish(SyncRun.State.FAILED, failure_message="too late"),
    "wait": lambda lease: lease.wait(SyncRun.State.PARKED),
    "write": lambda lease: lease.write(items=1),
}


@pytest.mark.parametrize("verb", OLD)
@pytest.mark.parametrize("taken_by", ["freed", "claimed again", "finished"])
def test_an_old_token_writes_nothing(run: SyncRun, verb: str, taken_by: str) -> None:
    old = claimed(run)
    expire(run)
    run.refresh_from_db()
    leases.free(run, SyncRun.State.FAILED, 5)
    if taken_by != "freed":
        new = claimed(run)
        if taken_by == "finished":
            new.finish(SyncRun.State.SUCCEEDED)
    before = state_of(run)
    with pytest.raises(leases.LostLease):
        OLD[verb](old)
    assert state_of(run) == before


def test_an_expired_row_waits_again_and_its_claims_are_kept(run: SyncRun) -> None:
    old = claimed(run)
    expire(run)
    run.refresh_from_db()
    leases.free(run, SyncRun.State.FAILED, 5)
    run.refresh_from_db()
    assert (run.state, run.claims, run.lease_until, run.enqueued_at) == ("queued", 1, None, None)
    assert run.lease_token > old.token


def test_a_row_whose_lease_holds_is_not_freed(run: SyncRun) -> None:
    claimed(run)
    run.refresh_from_db()
    before = state_of(run)
    leases.free(run, SyncRun.State.FAILED, 1)
    assert state_of(run) == before


def test_after_five_deaths_the_row_is_given_up_and_says_so(run: SyncRun) -> None:
    became = []
    for _ in range(5):
        claimed(run)
        expire(run)
        run.refresh_from_db()
        became.append(leases.free(run, SyncRun.State.FAILED, 5))
    assert became == ["queued", "queued", "queued", "queued", "failed"]
    run.refresh_from_db()
    assert (run.state, run.failure_code) == ("failed", "worker_died")
    assert "died 5 times in a row" in run.failure_message
    assert run.finished_at
    assert leases.claim(SyncRun, run.pk) is None


def test_of_two_who_see_the_same_dead_worker_one_frees_its_row(run: SyncRun) -> None:
    claimed(run)
    expire(run)
    first, second = SyncRun.objects.get(), SyncRun.objects.get()
    leases.free(first, SyncRun.State.FAILED, 5)
    before = state_of(run)
    assert leases.free(second, SyncRun.State.FAILED, 5) == leases.free(second, SyncRun.State.FAILED, 1) == ""
    assert state_of(run) == before


def test_progress_forgives_earlier_deaths(run: SyncRun) -> None:
    for _ in range(12):
        lease = claimed(run)
        lease.write(claims=0)
        expire(run)
        run.refresh_from_db()
        assert leases.free(run, SyncRun.State.FAILED, 5) == "queued"


def test_a_claim_is_two_statements_and_a_sign_of_life_once_a_second(run: SyncRun) -> None:
    leases.beat()
    for statements in (3, 2):
        with CaptureQueriesContext(connection) as queries:
            lease = claimed(run)
        assert len(queries) == statements
        lease.wait(SyncRun.State.QUEUED)


def _race(pks: list[int]) -> Iterator[int]:
    """How many of the racers got each row."""
    start = Barrier(RACERS, timeout=60)

    def racer(_: int) -> list[bool]:
        won = []
        try:
            for pk in pks:
                start.wait()
                won.append(leases.claim(HealthCheck, pk) is not None)
        finally:
            connection.close()
        return won

    with ThreadPoolExecutor(RACERS) as pool:
        for rounds in zip(*pool.map(racer, range(RACERS)), strict=True):
            yield sum(rounds)


@pytest.mark.django_db(transaction=True)
def test_of_eight_racers_exactly_one_gets_each_row(cms: Service) -> None:
    services = [Service(slug=f"race-{n}", name=f"Race {n}", system="cms", base_url=cms.base_url) for n in range(ROUNDS)]
    Service.objects.bulk_create(services)
    trigger = HealthCheck.Trigger.STAFF
    checks = [HealthCheck.objects.create(service=service, trigger=trigger) for service in services]
    assert list(_race([check.pk for check in checks])) == [1] * ROUNDS
    assert set(HealthCheck.objects.values_list("claims", "lease_token")) == {(1, 1)}
