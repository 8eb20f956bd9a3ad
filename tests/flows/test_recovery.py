"""What is killed while it works, or while it waits, and how long it takes until work goes on by itself."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from django_q.models import OrmQ
from django_q.status import Stat

from integrations import leases, ops
from integrations.candidates import Candidate
from integrations.models import Call, Change, Essay, Export, HealthCheck, Service, SyncRun, Trial, WorkerHeartbeat
from tests.flows import processes
from tests.flows.conftest import ARTICLES, guard_of
from tests.flows.deployment import Deployment, Running
from tests.flows.processes import seconds_until
from tests.test_latency import call

pytestmark = pytest.mark.slow

EXPORTED = 100_000  # some seconds of work
LEASE_S = leases.LEASE.total_seconds()


def start_slow_run(deployment: Deployment, articles: Service) -> SyncRun:
    """A run that is being worked on, some pages in and far from its end."""
    deployment.fault("cms", delay_s=0.5)
    run = ops.sync(articles.streams.get(), SyncRun.Trigger.COMMAND)
    seconds_until(lambda: SyncRun.objects.filter(pk=run.pk, pages__gte=3).exists(), 30, "three pages are read")
    return run


def assert_taken_up_and_whole(run: SyncRun) -> None:
    """Within the lease and the few seconds of a start, to the same end as if nothing had happened."""
    began = timezone.now()
    seconds_until(lambda: SyncRun.objects.filter(pk=run.pk, lost__gte=1).exists(), LEASE_S + 10, "the run is freed")
    freed = timezone.now()
    seconds_until(lambda: SyncRun.objects.get(pk=run.pk).state == SyncRun.State.SUCCEEDED, 60, "the run has ended")
    run.refresh_from_db()
    ended_s, freed_s = (timezone.now() - began).total_seconds(), (freed - began).total_seconds()
    print(f"taken up after {freed_s:.1f} s (lost: {run.lost}), succeeded after {ended_s:.1f} s")
    assert (run.created, run.updated, run.unchanged) == (ARTICLES, 0, 0)
    assert Essay.objects.values("external_id").distinct().count() == Essay.objects.count() == ARTICLES
    assert not Change.objects.filter(run=run).exists()


def test_a_run_goes_on_after_its_processes_were_killed(
    deployment: Deployment, articles: Service, worker: Running
) -> None:
    run = start_slow_run(deployment, articles)
    processes.kill_group(guard_of(worker))
    assert_taken_up_and_whole(run)


def test_a_run_goes_on_after_the_whole_worker_was_killed_and_started_again(
    deployment: Deployment, articles: Service, worker: Running
) -> None:
    run = start_slow_run(deployment, articles)
    guard = guard_of(worker)
    processes.kill(worker.pid)
    took = seconds_until(lambda: not processes.members(guard), 10, "no process of the queue is left")
    print(f"nothing left after {took:.1f} s")
    deployment.start_worker()
    assert_taken_up_and_whole(run)


def test_a_run_that_stops_in_the_middle_ends_its_slice_first(
    deployment: Deployment, articles: Service, worker: Running
) -> None:
    run = start_slow_run(deployment, articles)
    assert worker.stop() == 0
    run.refresh_from_db()
    assert (run.state, run.created, run.lost) == (SyncRun.State.SUCCEEDED, ARTICLES, 0)


def test_a_trial_whose_worker_was_killed_is_tried_again_and_its_secrets_are_gone(
    deployment: Deployment, articles: Service, worker: Running
) -> None:
    deployment.fault("cms", delay_s=15)
    trial = ops.try_settings(Candidate(articles, {"token": "typed"}).trial(Trial.Kind.CONNECTION))
    begun = Trial.objects.filter(pk=trial.pk, state=Trial.State.RUNNING).exclude(sealed="")
    seconds_until(begun.exists, 30, "the trial has begun")
    processes.kill_group(guard_of(worker))
    deployment.fault("cms")
    ended = Trial.objects.filter(pk=trial.pk).exclude(finished_at=None)
    seconds_until(ended.exists, LEASE_S + 30, "the trial has ended")
    trial.refresh_from_db()
    assert (trial.state, trial.claims, trial.sealed) == (Trial.State.SUCCEEDED, 2, "")


def test_a_parked_run_goes_on_by_itself(deployment: Deployment, articles: Service, worker: Running) -> None:
    deployment.fault("cms", status=429, headers={"Retry-After": "15"}, times=1)
    run = ops.sync(articles.streams.get(), SyncRun.Trigger.COMMAND)
    seconds_until(lambda: SyncRun.objects.get(pk=run.pk).state == SyncRun.State.PARKED, 10, "the run is parked")
    seconds_until(lambda: SyncRun.objects.get(pk=run.pk).state == SyncRun.State.SUCCEEDED, 30, "the run has ended")


def idle_workers() -> list[int]:
    """Pids that the sentinel says are workers, once nothing waits and nothing runs."""
    seconds_until(lambda: not OrmQ.objects.exists(), 30, "the queue is empty")
    seconds_until(Stat.get_all, 30, "the sentinel has said which of its children are workers")
    workers: list[int] = Stat.get_all()[0].workers
    return workers


def seconds_to_a_check(deployment: Deployment) -> float:
    """How long after now a health check that is asked for now is done."""
    began = timezone.now()
    deployment.run("check_health")
    seconds_until(lambda: HealthCheck.objects.filter(finished_at__gt=began).exists(), 180, "the check is done")
    return (timezone.now() - began).total_seconds()


def test_killed_idle_workers_do_not_stop_the_queue(deployment: Deployment, articles: Service, worker: Running) -> None:
    """One of the two holds the lock of the queue in memory; whoever kills that one stops all of django-q2."""
    for kill in range(10):
        victims = idle_workers()
        restarts = WorkerHeartbeat.objects.get().restarts
        processes.kill(victims[kill % 2])
        took = seconds_to_a_check(deployment)
        jammed = WorkerHeartbeat.objects.get().restarts > restarts
        print(f"kill {kill + 1}: check done after {took:.1f} s{', the queue was replaced' if jammed else ''}")
    assert HealthCheck.objects.filter(state=HealthCheck.State.SUCCEEDED).count() == 10


def test_an_export_goes_on_after_its_processes_were_killed(
    deployment: Deployment,
) -> None:
    person = User.objects.create_superuser("exporter")
    service = Service.objects.create(slug="cms", system="cms", base_url="http://127.0.0.1:9", check_every_minutes=0)
    rows = (call(service, timedelta(seconds=number)) for number in range(EXPORTED))
    Call.objects.bulk_create(rows, batch_size=5_000)
    job = ops.export("calls", "csv", "", person)
    worker = deployment.start_worker()
    seconds_until(lambda: Export.objects.get(pk=job.pk).done, 60, "a part is written", every=0.02)
    processes.kill_group(guard_of(worker))
    running = Export.objects.filter(pk=job.pk, state=Export.State.RUNNING)
    assert running.update(lease_until=timezone.now()), "it was through before it could be killed"
    seconds_until(lambda: Export.objects.get(pk=job.pk).finished_at, 90, "the export has ended")
    job.refresh_from_db()
    assert (job.state, job.done, job.lease_token > 1) == (Export.State.SUCCEEDED, EXPORTED, True)
    files = deployment.folder.rglob(f"exports/{job.pk}/*")
    sizes = {path.name: path.stat().st_size for path in files}
    named = [Path(name).name for name, _ in job.parts]
    text = b"".join(path.read_bytes() for name in named for path in deployment.folder.rglob(f"exports/{job.pk}/{name}"))
    assert [sizes[name] for name in named] == [size for _, size in job.parts]
    keys = [line.partition(b",")[0] for line in text.splitlines()[1:]]
    assert len(keys) == len(set(keys)) == EXPORTED
