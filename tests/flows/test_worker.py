"""The worker as it runs in production: real processes, a real database, real signals."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone
from django_q.models import OrmQ, Schedule
from django_q.tasks import async_task

from integrations import due, ops, queue
from integrations.models import Essay, Service, SyncRun, WorkerHeartbeat
from tests.flows import processes
from tests.flows.conftest import ARTICLES, guard_of
from tests.flows.deployment import Deployment, Running
from tests.flows.processes import seconds_until


def test_syncs_articles_and_finds_them_unchanged_the_second_time(
    deployment: Deployment, articles: Service, worker: Running
) -> None:
    assert "Succeeded. 240 created, 0 updated, 0 unchanged" in deployment.run("sync", "cms", "--wait")
    assert "Succeeded. 0 created, 0 updated, 240 unchanged" in deployment.run("sync", "cms", "--full", "--wait")
    assert Essay.objects.count() == ARTICLES


def test_drops_a_task_that_is_not_on_the_allow_list(deployment: Deployment, worker: Running, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    async_task("os.mkdir", str(mark))
    seconds_until(lambda: not OrmQ.objects.exists(), 10, "the task is dropped")
    assert "dropped a queued task that is not on the allow-list: os.mkdir" in worker.output()
    assert not mark.exists()


def test_stops_within_ten_seconds_when_idle(worker: Running) -> None:
    guard = guard_of(worker)
    assert worker.stop(at_most=10) == 0
    assert processes.members(guard) == []


def test_a_second_signal_does_not_wait_for_running_tasks(
    deployment: Deployment, articles: Service, worker: Running
) -> None:
    guard = guard_of(worker)
    deployment.fault("cms", delay_s=15)
    run = ops.sync(articles.streams.get(), SyncRun.Trigger.COMMAND)
    seconds_until(lambda: SyncRun.objects.get(pk=run.pk).state == SyncRun.State.RUNNING, 10, "the run has begun")
    worker.popen.terminate()
    seconds_until(lambda: "The worker stops." in worker.output(), 10, "the first signal is heard")
    assert worker.stop(at_most=10) == 0
    assert processes.members(guard) == []
    assert SyncRun.objects.get(pk=run.pk).state == SyncRun.State.RUNNING


def test_nothing_is_left_ten_seconds_after_the_supervisor_was_killed(worker: Running) -> None:
    guard = guard_of(worker)
    assert len(processes.members(guard)) > 5
    processes.kill(worker.pid)
    took = seconds_until(lambda: not processes.members(guard), 10, "no process of the queue is left")
    print(f"nothing left after {took:.1f} s")


@pytest.mark.parametrize("victim", ["guard", "main", "sentinel"])
def test_starts_the_queue_again_when_a_part_of_it_is_killed(worker: Running, victim: str) -> None:
    guard = guard_of(worker)
    (main,) = processes.children(guard)
    (sentinel,) = processes.children(main)
    processes.kill({"guard": guard, "main": main, "sentinel": sentinel}[victim])
    took = seconds_until(lambda: processes.children(worker.pid) not in ([], [guard]), 10, "another group is there")
    assert processes.members(guard) == []
    asked = timezone.now()
    ops.ask_for_beat()
    took += seconds_until(lambda: WorkerHeartbeat.objects.filter(beat_at__gt=asked).exists(), 30, "a task has run")
    print(f"{victim} killed: a task has run {took:.1f} s later")
    assert WorkerHeartbeat.objects.get().restarts == 1


def test_a_run_happens_although_its_bell_was_deleted(articles: Service, worker: Running) -> None:
    with transaction.atomic():
        run = ops.sync(articles.streams.get(), SyncRun.Trigger.COMMAND)
        OrmQ.objects.all().delete()
        SyncRun.objects.update(enqueued_at=timezone.now() - due.RING_AGAIN_AFTER)
    seconds_until(lambda: SyncRun.objects.get(pk=run.pk).state == SyncRun.State.SUCCEEDED, 30, "the run has ended")
    assert Essay.objects.count() == ARTICLES


def test_what_is_due_later_starts_when_its_time_has_come(articles: Service, worker: Running) -> None:
    due_at = timezone.now() + timedelta(seconds=5)
    run = SyncRun.objects.create(stream=articles.streams.get(), trigger=SyncRun.Trigger.COMMAND, due_at=due_at)
    seconds_until(lambda: SyncRun.objects.get(pk=run.pk).state == SyncRun.State.SUCCEEDED, 30, "the run has ended")
    started_at = SyncRun.objects.get(pk=run.pk).started_at
    assert started_at
    print(f"started {(started_at - due_at).total_seconds():.1f} s after it was due")
    assert due_at <= started_at < due_at + timedelta(seconds=5)


def test_two_workers_at_once_do_everything_once(deployment: Deployment, articles: Service, worker: Running) -> None:
    second = deployment.start_worker()
    assert "240 created" in deployment.run("sync", "cms", "--wait")
    assert (SyncRun.objects.count(), Essay.objects.count()) == (1, ARTICLES)
    assert [each.stop(at_most=15) for each in (worker, second)] == [0, 0]


def test_every_migration_leaves_exactly_one_schedule(deployment: Deployment) -> None:
    Schedule.objects.create(func="os.getcwd", name="foreign")
    Schedule.objects.create(func=queue.TICK, name="second", minutes=7)
    queue.ensure_tick()
    assert list(Schedule.objects.values_list("func", "name", "minutes")) == [(queue.TICK, "tick", 1)]
